package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

const concerned = ` organizations { id notifications { id count } } userErrors { code } `

// movers are the mutations that can change the notice, each with an operation that does,
// or, if it begins something that works later, with those that come first.
var movers = map[string]struct {
	before, operation string
	later             bool
}{
	"assignStudentsToGroups": {"", `assignStudentsToGroups(input: {studentIds: ["{{Ada}}"], groupIds: ["{{Algebra}}"]})`,
		false},
	"removeStudentsFromGroups": {"",
		`removeStudentsFromGroups(input: {studentIds: ["{{Cleo}}"], groupIds: ["{{Algebra}}"]})`, false},
	"createGroup": {"", `createGroup(input: {organizationId: "{{North}}", name: "New", studentIds: ["{{Ada}}"]})`, false},
	"deleteGroup": {"", `deleteGroup(input: {id: "{{Algebra}}"})`, false},
	"createStudent": {usedAndDeleted, `createStudent(input: {organizationId: "{{North}}",
		externalId: "{{AdaID}}", firstName: "Ada", lastName: "L", username: "ada again", grade: "1"})`, false},
	"updateStudent":  {"", `updateStudent(input: {id: "{{Ada}}", organizationId: "{{South}}"})`, false},
	"deleteStudents": {"", `deleteStudents(input: {studentIds: ["{{Ada}}", "{{Sam}}"]})`, false},
	"restoreStudents": {usedAndDeleted,
		`restoreStudents(input: {studentIds: ["{{Ada}}"]})`, false},
	"eraseStudents": {"", `eraseStudents(input: {students: [{id: "{{Ada}}", externalId: "{{AdaID}}"}], reference: "letter"})`,
		false},
	"recordUsage": {"", `recordUsage(input: {organizationId: "{{Alpha}}", events: [{eventId: "1", productCode: "MATH",
		studentExternalId: "{{BenID}}", startedAt: "2026-11-18T12:00:00Z", seconds: 600}]})`, false},

	"bulkEditStudents":   {"", bulkEdit, true},
	"bulkDeleteStudents": {"", `bulkDeleteStudents(input: {selection: {studentIds: ["{{Ada}}"]}})`, true},
	"startBulkJob":       {bulkEdit, `startBulkJob(id: "{{Job1}}")`, true},
	"cancelBulkJob":      {bulkEdit, `cancelBulkJob(id: "{{Job1}}")`, true},
	"undoBulkJob":        {bulkEdit + ` second: startBulkJob(id: "{{Job1}}")`, `undoBulkJob(id: "{{Job1}}")`, true},
	"updateOrganizationSettings": {"", `updateOrganizationSettings(input: {organizationId: "{{Alpha}}",
		schoolYear: {startsOn: "2026-08-10", endsOn: "2027-06-30"}})`, true},
	// TestHeld shows that they answer with the job; the payload is that of the others.
	"approveBulkJob":   {},
	"submitBulkImport": {},
}

const bulkEdit = `bulkEditStudents(input: {selection: {studentIds: ["{{Ada}}"]}, addToGroupIds: ["{{Algebra}}"]})`

// usedAndDeleted gives Ada usage that is counted again when she comes back.
const usedAndDeleted = `recordUsage(input: {organizationId: "{{Alpha}}", events: [{eventId: "1", productCode: "MATH",
	studentExternalId: "{{AdaID}}", startedAt: "2026-11-18T12:00:00Z", seconds: 600}]}) second:
	deleteStudents(input: {studentIds: ["{{Ada}}"]})`

// still are the mutations that cannot change the notice.
var still = []string{
	// They are about accounts, sessions and keys.
	"signIn", "signInWithCode", "completeSignIn", "beginPasskeySignIn", "finishPasskeySignIn", "signOut", "revokeSession",
	"revokeOtherSessions", "beginPasskeyProof", "proveIdentity", "beginTotpEnrollment", "confirmTotpEnrollment",
	"removeTotp", "beginPasskeyRegistration", "finishPasskeyRegistration", "renamePasskey", "removePasskey",
	"regenerateRecoveryCodes", "resetSecondFactors", "requestPasswordReset", "setPasswordByLink", "inviteEducator",
	"createServiceKey", "revokeServiceKey", "disableEducator", "enableEducator",
	"setEducatorRole", "endEducatorRole", "resendInvitation", "withdrawInvitation", "changePassword",
	// They are about holds, retention and second factors.
	"approvePendingSetting", "withdrawPendingSetting",
	// It changes name, id and educators, and no student joins or leaves.
	"updateGroup",
	// It changes a plan, or makes a new job.
	"correctBulkJobRow",
}

// TestThePayloadHasTheNotice makes every change that can move the notice, and compares the
// notices of its payload with those of a new query.
func TestThePayloadHasTheNotice(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	for _, field := range schema.Mutation.Fields {
		mover, moves := movers[field.Name]
		if moves == slices.Contains(still, field.Name) {
			t.Errorf("say of %s whether it can change the notice: an operation in movers, or its name in still", field.Name)
		}
		if !moves {
			continue
		}
		list := schema.Types[field.Type.Name()].Fields.ForName("organizations")
		if list == nil || list.Type.String() != "[Organization!]!" {
			t.Errorf("%s lacks organizations: [Organization!]!, so caches keep an old notice", field.Type.Name())
			continue
		}
		if mover.operation == "" {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				w := newNoticeWorld(t, d)
				if mover.before != "" {
					for one := range strings.SplitSeq(mover.before, " second:") {
						w.mustDo(t, one)
						if err := w.importer.Drain(fixture.System()); err != nil {
							t.Fatal(err)
						}
					}
				}
				before := w.notices(t)
				payload := w.mustDo(t, mover.operation)
				after := w.notices(t)
				told := noticesOf(payload)
				if maps.Equal(before, after) != mover.later {
					t.Errorf("the notices were %v and are %v", before, after)
				}
				for at, count := range after {
					if got, there := told[at]; there && got != count || !there && before[at] != count {
						t.Errorf("the notice at %s is %v; the payload says %v", at, count, told)
					}
				}
				if mover.later && (len(told) < 2 || told[w.id("Alpha")] == nil || told[w.id("North")] == nil) {
					t.Errorf("the payload has %v; want the district and the school", told)
				}
			})
		})
	}
}

// noticeWorld has Ada and Ben of North in no group (Ada active), Cleo in Algebra and
// active, and Sam of South in no group and active.
type noticeWorld struct {
	*server
	replace *strings.Replacer
}

func newNoticeWorld(t *testing.T, d *database.DB) noticeWorld {
	t.Helper()
	s := newServer(t, d)
	ada, ben := s.Student(t, s.North, "Ada", "Lovelace", 600), s.Student(t, s.North, "Ben", "Bee", 0)
	return noticeWorld{s, s.names(map[string]string{
		"Ada": studentID(ada), "AdaID": ada.ExternalID, "BenID": ben.ExternalID,
		"Cleo": studentID(s.Student(t, s.North, "Cleo", "Cee", 600, s.Algebra)),
		"Sam":  studentID(s.Student(t, s.South, "Sam", "South", 600)),
		"Job1": "job_1",
	})}
}

func (w noticeWorld) id(name string) string { return w.replace.Replace("{{" + name + "}}") }

// mustDo makes a change as the administrator of the district and returns its payload.
func (w noticeWorld) mustDo(t *testing.T, mutation string) any {
	t.Helper()
	a := w.ask(t, w.DistrictAdmin, w.replace.Replace("mutation { r: "+mutation+" {"+concerned+"} }"), nil)
	if errs, _ := a.at("r.userErrors").([]any); a.at("r") == nil || len(errs) > 0 {
		t.Fatalf("%s: %+v", mutation, a)
	}
	return a.at("r.organizations")
}

// notices are the counts that a district page reads with one query, by organization.
func (w noticeWorld) notices(t *testing.T) map[string]any {
	t.Helper()
	a := w.ask(t, w.DistrictAdmin, w.replace.Replace(`{ r: organization(id: "{{Alpha}}") { id notifications { id count }
		children { id notifications { id count } } } }`), nil)
	schools, _ := a.at("r.children").([]any)
	return noticesOf(append(schools, a.at("r")))
}

func noticesOf(organizations any) map[string]any {
	counts := map[string]any{}
	list, _ := organizations.([]any)
	for _, o := range list {
		o := o.(map[string]any)
		for _, n := range o["notifications"].([]any) {
			counts[o["id"].(string)] = n.(map[string]any)["count"]
		}
	}
	return counts
}

// TestTheNoticeIsANode reads the notice in every way, as everybody.
func TestTheNoticeIsANode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := newNoticeWorld(t, d)
		north := strings.Replace(w.id("North"), "org_", "una_", 1)
		for caller, who := range w.callers() {
			if who == nil {
				continue
			}
			a := w.ask(t, who, w.replace.Replace(fmt.Sprintf(`{
				node(id: %q) { id ... on DashboardNotification { count csvUrl organization { id } } }
				organization(id: "{{North}}") { notifications { id count } }
				dashboardNotifications(organizationId: "{{North}}") { id }
				usageReport(organizationId: "{{North}}") { notifications { id } }
			}`, north)), nil)
			if caller != "district admin" && caller != "north admin" {
				if list, _ := a.at("organization.notifications").([]any); a.at("node") != nil || len(list) > 0 {
					t.Errorf("%s sees the notice of North: %+v", caller, a)
				}
				continue
			}
			if a.at("node.count") != 1.0 || a.at("node.organization.id") != w.id("North") || a.at("node.csvUrl") == nil {
				t.Errorf("%s gets the node %v", caller, a.at("node"))
			}
			for _, path := range []string{"node.id", "organization.notifications.0.id", "dashboardNotifications.0.id",
				"usageReport.notifications.0.id"} {
				if a.at(path) != north {
					t.Errorf("%s: %s is %v; want %s", caller, path, a.at(path), north)
				}
			}
		}
	})
}

// TestThePayloadShowsOnlyWhatIsSeen has a school administrator, a teacher and a program
// change something.
func TestThePayloadShowsOnlyWhatIsSeen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := newNoticeWorld(t, d)
		assign := w.replace.Replace(`mutation { r: assignStudentsToGroups(input: {studentIds: ["{{Ada}}"],
			groupIds: ["{{Algebra}}"]}) {` + concerned + `} }`)
		for range 2 { // the second time nothing changes
			a := w.ask(t, w.NorthAdmin, assign, nil)
			list, _ := a.at("r.organizations").([]any)
			if len(list) != 1 || a.at("r.organizations.0.id") != w.id("North") ||
				a.at("r.organizations.0.notifications.0.count") != 0.0 {
				t.Errorf("the administrator of North gets %+v", a)
			}
		}
		a := w.ask(t, w.NorthTeacher, assign, nil)
		list, _ := a.at("r.organizations").([]any)
		if notices, _ := a.at("r.organizations.0.notifications").([]any); len(list) != 1 || len(notices) != 0 {
			t.Errorf("the teacher gets %+v", a)
		}
		a = w.ask(t, w.SouthAdmin, assign, nil)
		if list, is := a.at("r.organizations").([]any); !is || len(list) != 0 || a.word() != "NOT_FOUND" {
			t.Errorf("who was refused gets %+v", a)
		}
	})
}

// TestEachFieldOfAMutationReadsAnew changes something twice in one operation.
func TestEachFieldOfAMutationReadsAnew(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := newNoticeWorld(t, d)
		const payload = `{ students { groups { name } } organizations { id notifications { count } } }`
		a := w.ask(t, w.NorthAdmin, w.replace.Replace(`mutation {
			in: assignStudentsToGroups(input: {studentIds: ["{{Ada}}"], groupIds: ["{{Algebra}}"]}) `+payload+`
			out: removeStudentsFromGroups(input: {studentIds: ["{{Ada}}"], groupIds: ["{{Algebra}}"]}) `+payload+`
		}`), nil)
		if a.at("in.students.0.groups.0.name") != "Algebra" || a.at("in.organizations.0.notifications.0.count") != 0.0 {
			t.Errorf("joining answers %+v", a)
		}
		if a.at("out.students.0.groups.0.name") != nil || a.at("out.organizations.0.notifications.0.count") != 1.0 {
			t.Errorf("leaving answers %+v", a)
		}
	})
}
