package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// callerNames is the order of the columns below.
var callerNames = []string{"nobody", "district admin", "north admin", "south admin", "north teacher",
	"south teacher", "beta admin"}

// The outcomes of a cell besides error codes.
const (
	ok    = "ok"
	null  = "null"
	empty = "empty"

	un = "UNAUTHENTICATED"
	nf = "NOT_FOUND"
	no = "FORBIDDEN"

	over  = "LINK_ENDED"
	ended = "CODE_ENDED"
	stale = "CHALLENGE_ENDED"
	bare  = "NO_SECOND_FACTOR"
	late  = "INVITATION_OVER"
	wrong = "WRONG_CREDENTIALS"
)

type authorizationRow struct {
	field string
	// what names the row if a field has several.
	what      string
	operation string
	// columns are the outcomes in the order of callerNames.
	columns [7]string
}

// authorization says what each caller gets for each operation on things of North School.
// {{Student}} is a student in {{Group}}, which North's teacher teaches; both are created
// again for every cell. {{Job}} is a verified job that the district administrator
// submitted for North.
var authorization = []authorizationRow{
	{"viewer", "", `{ r: viewer { educator { id } } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"node", "a student", `{ r: node(id: "{{Student}}") { id } }`, [7]string{un, ok, ok, null, ok, null, null}},
	{"node", "a group", `{ r: node(id: "{{Group}}") { id } }`, [7]string{un, ok, ok, null, ok, null, null}},
	{"node", "a job", `{ r: node(id: "{{Job}}") { id } }`, [7]string{un, ok, ok, null, null, null, null}},
	{"nodes", "", `{ list: nodes(ids: ["{{Student}}"]) { id } }`, [7]string{un, ok, ok, null, ok, null, null}},
	{"organization", "the school", `{ r: organization(id: "{{North}}") { id } }`, [7]string{un, ok, ok, null, ok, null, null}},
	{"organization", "the district", `{ r: organization(id: "{{Alpha}}") { id } }`, [7]string{un, ok, null, null, null, null, null}},
	{"students", "", `{ r: students(organizationId: "{{North}}") { totalCount } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"groups", "", `{ r: groups(organizationId: "{{North}}") { totalCount } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"deletedStudents", "of the school", `{ r: deletedStudents(organizationId: "{{North}}") { totalCount } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"deletedStudents", "of the district", `{ r: deletedStudents(organizationId: "{{Alpha}}") { totalCount } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"studentRecordUrl", "", `{ r: studentRecordUrl(studentId: "{{Student}}") }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"studentRecordUrl", "of a deleted student", `{ r: studentRecordUrl(studentId: "{{Deleted}}") }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"erasure", "", `{ r: erasure(id: "{{Erasure}}") { state certificate { digest } } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"educators", "of the school", `{ r: educators(organizationId: "{{North}}") { totalCount } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"educators", "of the district", `{ r: educators(organizationId: "{{Alpha}}") { totalCount } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"dashboardNotifications", "of the school", `{ list: dashboardNotifications(organizationId: "{{North}}") { count } }`, [7]string{un, ok, ok, nf, empty, nf, nf}},
	{"dashboardNotifications", "of the district", `{ list: dashboardNotifications(organizationId: "{{Alpha}}") { count } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"usageReport", "", `{ r: usageReport(organizationId: "{{North}}") { totals { minutes } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"bulkJob", "", `{ r: bulkJob(id: "{{Job}}") { id } }`, [7]string{un, ok, ok, null, null, null, null}},
	{"bulkJob", "and its refused rows", `{ r: bulkJob(id: "{{Job}}") { failedRowsCsvUrl refusedRows { totalCount } problems { totalCount } } }`, [7]string{un, ok, ok, null, null, null, null}},
	{"serviceKeys", "of the school", `{ list: serviceKeys(organizationId: "{{North}}") { id } }`, [7]string{un, empty, empty, nf, no, nf, nf}},
	{"serviceKeys", "of the district", `{ list: serviceKeys(organizationId: "{{Alpha}}") { id } }`, [7]string{un, empty, nf, nf, nf, nf, nf}},
	{"importTemplate", "", `{ r: importTemplate(kind: IMPORT_STUDENTS) { csv } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"importMapping", "", `{ r: importMapping(kind: IMPORT_STUDENTS, headers: ["Student ID"]) { problem } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"auditEvents", "of the school", `{ r: auditEvents(organizationId: "{{North}}") { totalCount } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"auditEvents", "of the district", `{ r: auditEvents(organizationId: "{{Alpha}}") { totalCount } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"auditEvents", "of everything seen", `{ r: auditEvents { totalCount } }`, [7]string{un, ok, ok, ok, no, no, ok}},
	{"auditEventsCsvUrl", "of the school", `{ r: auditEventsCsvUrl(organizationId: "{{North}}") }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"auditEventsCsvUrl", "of the district", `{ r: auditEventsCsvUrl(organizationId: "{{Alpha}}") }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"studentsCsvUrl", "of the school", `{ r: studentsCsvUrl(organizationId: "{{North}}") }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"studentsCsvUrl", "of the district", `{ r: studentsCsvUrl(organizationId: "{{Alpha}}") }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"bulkJobs", "", `{ r: bulkJobs(organizationId: "{{North}}") { totalCount } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},

	{"signIn", "", `mutation { r: signIn(input: {email: "nora@example.com", password: "correct horse"}) { token userErrors { code } } }`, [7]string{ok, ok, ok, ok, ok, ok, ok}},
	{"signInWithCode", "that nobody has made", `mutation { r: signInWithCode(input: {code: "guessed", verifier: "guessed"}) { userErrors { code } } }`, [7]string{ended, ended, ended, ended, ended, ended, ended}},
	{"completeSignIn", "that nobody has begun", `mutation { r: completeSignIn(input: {challenge: "guessed", code: "123456"}) { userErrors { code } } }`, [7]string{stale, stale, stale, stale, stale, stale, stale}},
	{"beginPasskeySignIn", "", `mutation { r: beginPasskeySignIn { userErrors { code } } }`, [7]string{ok, ok, ok, ok, ok, ok, ok}},
	{"finishPasskeySignIn", "that nobody has begun", `mutation { r: finishPasskeySignIn(input: {challenge: "guessed", response: "{}"}) { userErrors { code } } }`, [7]string{stale, stale, stale, stale, stale, stale, stale}},
	{"beginPasskeyProof", "without a passkey", `mutation { r: beginPasskeyProof { userErrors { code } } }`, [7]string{un, bare, bare, bare, bare, bare, bare}},
	{"proveIdentity", "", `mutation { r: proveIdentity(input: {password: "correct horse"}) { userErrors { code } } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"beginTotpEnrollment", "", `mutation { r: beginTotpEnrollment { userErrors { code } } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"confirmTotpEnrollment", "that nobody has begun", `mutation { r: confirmTotpEnrollment(input: {challenge: "guessed", code: "123456"}) { userErrors { code } } }`, [7]string{un, stale, stale, stale, stale, stale, stale}},
	{"removeTotp", "without one", `mutation { r: removeTotp { userErrors { code } } }`, [7]string{un, bare, bare, bare, bare, bare, bare}},
	{"beginPasskeyRegistration", "", `mutation { r: beginPasskeyRegistration { userErrors { code } } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"finishPasskeyRegistration", "that nobody has begun", `mutation { r: finishPasskeyRegistration(input: {challenge: "guessed", response: "{}"}) { userErrors { code } } }`, [7]string{un, stale, stale, stale, stale, stale, stale}},
	{"renamePasskey", "somebody else's", `mutation { r: renamePasskey(id: "{{Passkey}}", name: "Mine") { userErrors { code } } }`, [7]string{un, nf, nf, nf, nf, nf, nf}},
	{"removePasskey", "somebody else's", `mutation { r: removePasskey(id: "{{Passkey}}") { userErrors { code } } }`, [7]string{un, nf, nf, nf, nf, nf, nf}},
	{"regenerateRecoveryCodes", "without a factor", `mutation { r: regenerateRecoveryCodes { userErrors { code } } }`, [7]string{un, bare, bare, bare, bare, bare, bare}},
	{"resetSecondFactors", "of a teacher", `mutation { r: resetSecondFactors(educatorId: "{{Person}}") { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"resetSecondFactors", "of an administrator", `mutation { r: resetSecondFactors(educatorId: "{{DistrictAdmin}}") { userErrors { code } } }`, [7]string{un, no, nf, nf, nf, nf, nf}},
	{"disableEducator", "a teacher", `mutation { r: disableEducator(educatorId: "{{Person}}") { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"enableEducator", "a teacher", `mutation { r: enableEducator(educatorId: "{{Off}}") { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"setEducatorRole", "a teacher's", `mutation { r: setEducatorRole(input: {educatorId: "{{Person}}", organizationId: "{{North}}", role: SCHOOL_ADMIN}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"setEducatorRole", "that of the district", `mutation { r: setEducatorRole(input: {educatorId: "{{Person}}", organizationId: "{{Alpha}}", role: DISTRICT_ADMIN}) { userErrors { code } } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"endEducatorRole", "a teacher's", `mutation { r: endEducatorRole(input: {educatorId: "{{Person}}", organizationId: "{{North}}"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"resendInvitation", "of a teacher who has a password", `mutation { r: resendInvitation(educatorId: "{{Person}}") { userErrors { code } } }`, [7]string{un, late, late, nf, no, nf, nf}},
	{"withdrawInvitation", "of a teacher who has a password", `mutation { r: withdrawInvitation(educatorId: "{{Person}}") { userErrors { code } } }`, [7]string{un, late, late, nf, no, nf, nf}},
	{"changePassword", "with the wrong one", `mutation { r: changePassword(input: {currentPassword: "guessed", newPassword: "seven tame otters"}) { userErrors { code } } }`, [7]string{un, wrong, wrong, wrong, wrong, wrong, wrong}},
	{"signInProviders", "", `{ list: signInProviders { name } }`, [7]string{empty, empty, empty, empty, empty, empty, empty}},
	{"signOut", "", `mutation { signOut }`, [7]string{ok, ok, ok, ok, ok, ok, ok}},
	{"revokeSession", "somebody else's", `mutation { r: revokeSession(id: "{{Session}}") { userErrors { code } } }`, [7]string{un, nf, nf, nf, nf, nf, nf}},
	{"revokeOtherSessions", "", `mutation { r: revokeOtherSessions { userErrors { code } } }`, [7]string{un, ok, ok, ok, ok, ok, ok}},
	{"requestPasswordReset", "", `mutation { r: requestPasswordReset(email: "{{New}}@example.com") { userErrors { code } } }`, [7]string{ok, ok, ok, ok, ok, ok, ok}},
	{"setPasswordByLink", "that nobody has made", `mutation { r: setPasswordByLink(input: {token: "guessed", password: "long enough"}) { userErrors { code } } }`, [7]string{over, over, over, over, over, over, over}},
	{"inviteEducator", "to a school", `mutation { r: inviteEducator(input: {organizationId: "{{North}}", role: SCHOOL_ADMIN, email: "{{New}}@example.com", firstName: "A", lastName: "B"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"inviteEducator", "to the district", `mutation { r: inviteEducator(input: {organizationId: "{{Alpha}}", role: DISTRICT_ADMIN, email: "{{New}}@example.com", firstName: "A", lastName: "B"}) { userErrors { code } } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"createServiceKey", "of the school", `mutation { r: createServiceKey(input: {organizationId: "{{North}}", name: "N", scopes: [USAGE_WRITE, ROSTER_IMPORT], expiresAt: "2027-06-30T00:00:00Z"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"createServiceKey", "of the district", `mutation { r: createServiceKey(input: {organizationId: "{{Alpha}}", name: "N", scopes: [USAGE_WRITE, ROSTER_IMPORT], expiresAt: "2027-06-30T00:00:00Z"}) { userErrors { code } } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"revokeServiceKey", "", `mutation { r: revokeServiceKey(id: "{{Key}}") { userErrors { code } } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"updateOrganizationSettings", "of the school", `mutation { r: updateOrganizationSettings(input: {organizationId: "{{North}}", usageGoalMinutesPerWeek: 90}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"updateOrganizationSettings", "of the district", `mutation { r: updateOrganizationSettings(input: {organizationId: "{{Alpha}}", usageGoalMinutesPerWeek: null}) { userErrors { code } } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"updateOrganizationSettings", "how long data are kept", `mutation { r: updateOrganizationSettings(input: {organizationId: "{{North}}", retentionDays: null}) { userErrors { code } } }`, [7]string{un, ok, no, nf, no, nf, nf}},
	{"approvePendingSetting", "where nothing waits", `mutation { r: approvePendingSetting(input: {organizationId: "{{North}}", setting: HOLD_DELETED_PERCENT, value: 50}) { userErrors { code } } }`, [7]string{un, "NOT_PENDING", "NOT_PENDING", nf, no, nf, nf}},
	{"withdrawPendingSetting", "where nothing waits", `mutation { r: withdrawPendingSetting(input: {organizationId: "{{Alpha}}", setting: RETENTION_DAYS}) { userErrors { code } } }`, [7]string{un, "NOT_PENDING", nf, nf, nf, nf, nf}},
	{"createGroup", "", `mutation { r: createGroup(input: {organizationId: "{{North}}", name: "New"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"updateGroup", "", `mutation { r: updateGroup(input: {id: "{{Group}}", name: "Other"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"deleteGroup", "", `mutation { r: deleteGroup(input: {id: "{{Group}}"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"assignStudentsToGroups", "", `mutation { r: assignStudentsToGroups(input: {studentIds: ["{{Student}}"], groupIds: ["{{Group}}"]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"removeStudentsFromGroups", "", `mutation { r: removeStudentsFromGroups(input: {studentIds: ["{{Student}}"], groupIds: ["{{Group}}"]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"createStudent", "", `mutation { r: createStudent(input: {organizationId: "{{North}}", externalId: "{{New}}", firstName: "A", lastName: "B", username: "{{New}}", grade: "1", groupIds: ["{{Group}}"]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"updateStudent", "", `mutation { r: updateStudent(input: {id: "{{Student}}", grade: "2"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"updateStudent", "to another school", `mutation { r: updateStudent(input: {id: "{{Student}}", organizationId: "{{South}}"}) { userErrors { code } } }`, [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"deleteStudents", "", `mutation { r: deleteStudents(input: {studentIds: ["{{Student}}"]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"restoreStudents", "who is deleted", `mutation { r: restoreStudents(input: {studentIds: ["{{Deleted}}"]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"restoreStudents", "who is not", `mutation { r: restoreStudents(input: {studentIds: ["{{Student}}"]}) { userErrors { code } } }`, [7]string{un, "NOT_DELETED", "NOT_DELETED", nf, "NOT_DELETED", nf, nf}},
	{"eraseStudents", "", `mutation { r: eraseStudents(input: {students: [{id: "{{Student}}", externalId: "{{StudentID}}"}], reference: "letter 17"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"eraseStudents", "who is deleted", `mutation { r: eraseStudents(input: {students: [{id: "{{Deleted}}", externalId: "other"}], reference: "letter 17"}) { userErrors { code } } }`, [7]string{un, "CONFIRMATION_MISMATCH", "CONFIRMATION_MISMATCH", nf, nf, nf, nf}},
	{"submitBulkImport", "students", submission("{{North}}", "IMPORT_STUDENTS"), [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"submitBulkImport", "groups", submission("{{North}}", "IMPORT_GROUPS"), [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"submitBulkImport", "enrollments", submission("{{North}}", "IMPORT_ENROLLMENTS"), [7]string{un, ok, ok, nf, no, nf, nf}},
	{"submitBulkImport", "educators", submission("{{North}}", "IMPORT_EDUCATORS"), [7]string{un, ok, ok, nf, no, nf, nf}},
	{"submitBulkImport", "organizations", submission("{{Alpha}}", "IMPORT_ORGANIZATIONS"), [7]string{un, ok, nf, nf, nf, nf, nf}},
	{"startBulkJob", "", `mutation { r: startBulkJob(id: "{{Job}}") { userErrors { code } } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"correctBulkJobRow", "", `mutation { r: correctBulkJobRow(input: {jobId: "{{Job}}", row: 1, values: []}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"bulkEditStudents", "", `mutation { r: bulkEditStudents(input: {selection: {studentIds: ["{{Student}}"]}, grade: "2"}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"bulkEditStudents", "by a filter, into a group", `mutation { r: bulkEditStudents(input: {selection: {matching: {organizationId: "{{North}}"}}, addToGroupIds: ["{{Group}}"]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, ok, nf, nf}},
	{"bulkDeleteStudents", "", `mutation { r: bulkDeleteStudents(input: {selection: {studentIds: ["{{Student}}"]}}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
	{"approveBulkJob", "that is not held", `mutation { r: approveBulkJob(id: "{{Job}}") { userErrors { code } } }`, [7]string{un, no, "NOT_HELD", nf, nf, nf, nf}},
	{"cancelBulkJob", "", `mutation { r: cancelBulkJob(id: "{{Job}}") { userErrors { code } } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"undoBulkJob", "that is not finished", `mutation { r: undoBulkJob(id: "{{Job}}") { userErrors { code } } }`, [7]string{un, "NOT_UNDOABLE", "NOT_UNDOABLE", nf, nf, nf, nf}},
	{"bulkJob", "watched", `subscription { r: bulkJob(id: "{{Job}}") { id } }`, [7]string{un, ok, ok, nf, nf, nf, nf}},
	{"dashboardNotifications", "watched", `subscription { list: dashboardNotifications(organizationId: "{{North}}") { count } }`, [7]string{un, ok, ok, nf, empty, nf, nf}},
	{"recordUsage", "", `mutation { r: recordUsage(input: {organizationId: "{{North}}", events: [{eventId: "{{New}}", studentExternalId: "{{StudentID}}", productCode: "MATH", startedAt: "2026-11-18T12:00:00Z", seconds: 60}]}) { userErrors { code } } }`, [7]string{un, ok, ok, nf, no, nf, nf}},
}

func submission(organization, kind string) string {
	return fmt.Sprintf(
		`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "%s", kind: %s, file: $file}) { userErrors {
			code } } }`, organization, kind)
}

// TestAuthorization fills every cell of operation × caller, on both databases.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		for i, row := range authorization {
			for column, caller := range callerNames {
				t.Run(fmt.Sprintf("%s %s as %s", row.field, row.what, caller), func(t *testing.T) {
					operation := s.cell(t, fmt.Sprintf("new%d.%d", i, column), row.operation)
					if got := s.outcome(t, s.callers()[caller], operation); got != row.columns[column] {
						t.Errorf("got %s; want %s", got, row.columns[column])
					}
				})
			}
		}
	})
}

// cell makes the rows that the operation of a cell is about.
func (s *server) cell(t *testing.T, name, operation string) string {
	t.Helper()
	g := s.Group(t, s.North, name)
	s.Teach(t, s.NorthTeacher, g)
	student := s.Student(t, s.North, "Target", name, 600, g)
	job := ""
	if strings.Contains(operation, "{{Job}}") {
		job = s.verifiedJob(t, s.DistrictAdmin)
	}
	deleted := ""
	if strings.Contains(operation, "{{Deleted}}") {
		st := s.Student(t, s.North, "Deleted", name, 0)
		deleted = studentID(st.Update().SetDeletedAt(fixture.Today.Add(-time.Hour)).SaveX(fixture.System()))
	}
	erasure := ""
	if strings.Contains(operation, "{{Erasure}}") {
		e := s.Client().Erasure.Create().SetDistrictID(s.Alpha.ID).SetOrganizationID(s.North.ID).SetStudentID(student.ID).
			SetReference("letter 17").SetActor(json.RawMessage("{}")).SetRequestedBy("somebody").SaveX(fixture.System())
		erasure = globalid.Encode(globalid.Erasure, e.ID)
	}
	serviceKey, session := "", ""
	if strings.Contains(operation, "{{Key}}") {
		serviceKey, _ = s.serviceKey(t, s.North, viewer.RosterImport)
	}
	if strings.Contains(operation, "{{Session}}") {
		session = s.sessionOfNobody(t)
	}
	person, passkey := "", ""
	if strings.Contains(operation, "{{Person}}") || strings.Contains(operation, "{{Passkey}}") {
		e, p := s.someoneWithFactors(t)
		person, passkey = globalid.Encode(globalid.Educator, e.ID), globalid.Encode(globalid.Passkey, p.ID)
	}
	off := ""
	if strings.Contains(operation, "{{Off}}") {
		e, _ := s.someoneWithFactors(t)
		off = globalid.Encode(globalid.Educator, e.Update().SetDisabled(1).SaveX(fixture.System()).ID)
	}
	return s.names(map[string]string{
		"Person": person, "Passkey": passkey, "Off": off,
		"Student": studentID(student), "StudentID": student.ExternalID, "Group": globalid.Encode(globalid.Group, g.ID), "New": name, "Job": job, "Key": serviceKey, "Session": session, "Deleted": deleted, "Erasure": erasure,
	}).Replace(operation)
}

// verifiedJob submits a file for North and verifies it.
func (s *server) verifiedJob(t *testing.T, who *db.Educator) string {
	t.Helper()
	a := s.upload(t, who,
		s.names(nil).
			Replace(`mutation($file: Upload!) { submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_GROUPS, file:
				$file}) { job { id } userErrors { code message } } }`), "groups.csv", "Name,School\nJob,North School\n")
	id, found := a.at("submitBulkImport.job.id").(string)
	if !found {
		t.Fatalf("no job: %+v", a)
	}
	if err := s.importer.Drain(fixture.System()); err != nil {
		t.Fatal(err)
	}
	return id
}

// outcome asks and sums the answer up in a word.
func (s *server) outcome(t *testing.T, who *db.Educator, operation string) string {
	t.Helper()
	var a answer
	switch {
	case strings.Contains(operation, "$file"):
		a = s.upload(t, who, operation, "rows.csv", "Student ID\n1\n")
	case strings.HasPrefix(operation, "subscription"):
		a = s.firstEvent(t, who, operation)
	default:
		a = s.ask(t, who, operation, nil)
	}
	if who != nil && strings.Contains(operation, "{ signOut }") {
		s.tokens.Delete(who.ID)
	}
	if code := a.code(); code != "" {
		return code
	}
	if list, is := a.at("list").([]any); is {
		switch {
		case len(list) == 0:
			return empty
		case list[0] == nil:
			return null
		}
		return ok
	}
	if _, done := a.at("signOut").(bool); done {
		return ok
	}
	if a.at("r") == nil {
		return null
	}
	if refusals, is := a.at("r.userErrors").([]any); is && len(refusals) > 0 {
		return a.at("r.userErrors.0.code").(string)
	}
	return ok
}

// upload sends an operation with a file, in the format of the GraphQL multipart request
// convention.
func (s *server) upload(t testing.TB, who *db.Educator, query, name, content string) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	operations, _ := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"file": nil}})
	_ = form.WriteField("operations", string(operations))
	_ = form.WriteField("map", `{"0": ["variables.file"]}`)
	part, err := form.CreateFormFile("0", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(content))
	_ = form.Close()
	var a answer
	if err := json.Unmarshal(s.post(t, who, form.FormDataContentType(), &body), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAuthorizationIsComplete fails if a field of Query, Mutation or Subscription has no
// row.
func TestAuthorizationIsComplete(t *testing.T) {
	t.Parallel()
	for _, field := range rootFields(t) {
		kind, name, _ := strings.Cut(field, ".")
		if !slices.ContainsFunc(authorization, func(row authorizationRow) bool {
			watched := strings.HasPrefix(row.operation, "subscription")
			return row.field == name && watched == (kind == "Subscription")
		}) {
			t.Errorf("%s has no row in the authorization table", field)
		}
	}
}

func rootFields(t *testing.T) []string {
	t.Helper()
	schema := loadSchema(t)
	var names []string
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			if f.Name[:2] != "__" {
				names = append(names, root.Name+"."+f.Name)
			}
		}
	}
	return names
}

func loadSchema(t testing.TB) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
