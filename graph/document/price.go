package document

import "strings"

const (
	// entriesAPoint is how many sent entries of a list cost as much as a field.
	entriesAPoint = 4
	// unknownList is how many rows a list counts that is missing here. A test fails for it.
	unknownList = 500
)

// listRows are the usual lengths of the lists that are not paged. The lists of the
// introspection schema need no database and count a fifth. If a list turns out to be
// longer, its entries count once they are known; see graph/limit/entries.go.
var listRows = map[string]int{
	"Viewer.roles": 2, "Viewer.organizations": 40, "Viewer.sessions": 100,
	"Educator.roles": 2, "Educator.groups": 5,
	"Organization.children": 40, "Organization.notifications": 1,
	"Group.educators": 2,
	"Student.groups":  5, "Student.usageByWeek": 10, "DeletedStudent.groups": 5,
	"UsageReport.weeks": 10, "UsageReport.rows": 40, "UsageReport.notifications": 1,
	"BulkJobProblem.candidates": 3, "BulkJobRefusedRow.cells": 3, "BulkJobRefusedRow.problems": 3,
	"BulkJobChangedRow.changes": 5, "BulkJobProblemGroup.rows": 1,
	"ImportTemplate.columns": 3, "ImportMapping.columns": 10, "DetectedFile.columns": 10,
	"AuditEvent.subjects": 3, "AuditEvent.facts": 3, "AuditSubject.changes": 3,
	"Query.dashboardNotifications": 1, "Subscription.dashboardNotifications": 1,
	"Query.serviceKeys": 50, "Query.signInProviders": 3,
	"CorrectBulkJobRowPayload.changes": 10, "CorrectBulkJobRowPayload.problems": 3,
	// The input says how long these are; see rowsByArguments.
	"AssignStudentsToGroupsPayload.students": 1, "AssignStudentsToGroupsPayload.groups": 1,
	"RemoveStudentsFromGroupsPayload.students": 1, "RemoveStudentsFromGroupsPayload.groups": 1,
	"RestoreStudentsPayload.students": 1, "EraseStudentsPayload.certificates": 1, "EraseStudentsPayload.erasures": 1,
	"CreateGroupPayload.organizations": 3, "DeleteGroupPayload.organizations": 3,
	"AssignStudentsToGroupsPayload.organizations": 3, "RemoveStudentsFromGroupsPayload.organizations": 3,
	"CreateStudentPayload.organizations": 3, "UpdateStudentPayload.organizations": 3,
	"DeleteStudentsPayload.organizations": 3, "RestoreStudentsPayload.organizations": 3,
	"EraseStudentsPayload.organizations": 3, "RecordUsagePayload.organizations": 3,
	"BulkJobPayload.organizations": 40, "UpdateOrganizationSettingsPayload.organizations": 40,

	"OrganizationSettings.pending": 4, "SecondFactors.passkeys": 20,

	"__Schema.types": 20, "__Schema.directives": 1, "__Type.fields": 7, "__Type.inputFields": 3, "__Type.interfaces": 1,
	"__Type.enumValues": 3, "__Type.possibleTypes": 2, "__Field.args": 2, "__Directive.args": 2,
}

// rowsByArguments are the lengths of lists that the input determines.
var rowsByArguments = map[string]func(arguments map[string]any) int{
	"Query.nodes":                       longest("ids"),
	"Mutation.assignStudentsToGroups":   longest("input.studentIds", "input.groupIds"),
	"Mutation.removeStudentsFromGroups": longest("input.studentIds", "input.groupIds"),
	"Mutation.restoreStudents":          longest("input.studentIds"),
	"Mutation.eraseStudents":            longest("input.students"),
}

func longest(paths ...string) func(map[string]any) int {
	return func(arguments map[string]any) (n int) {
		for _, path := range paths {
			n = max(n, listAt(arguments, path))
		}
		return n
	}
}

// mutationPrices are what mutations cost in addition to their answer, by field. A missing
// one costs as much as signing in.
var mutationPrices = map[string]func(limit int, arguments map[string]any) int{
	// Three of them in one operation would be guessing passwords.
	"signIn":              part(3),
	"signInWithCode":      part(3),
	"setPasswordByLink":   part(3),
	"completeSignIn":      part(3),
	"finishPasskeySignIn": part(3),
	"proveIdentity":       part(3),
	// This reads through the file of the job, which takes up to a second.
	"correctBulkJobRow": part(5),

	"signOut":                    each(100),
	"revokeSession":              each(100),
	"revokeOtherSessions":        each(100),
	"requestPasswordReset":       part(10),
	"inviteEducator":             part(10),
	"createServiceKey":           each(1000),
	"revokeServiceKey":           each(100),
	"updateOrganizationSettings": each(1000),
	"approvePendingSetting":      each(1000),
	"withdrawPendingSetting":     each(1000),

	"beginPasskeySignIn":        each(1000),
	"beginPasskeyProof":         each(1000),
	"beginPasskeyRegistration":  each(1000),
	"finishPasskeyRegistration": each(1000),
	"beginTotpEnrollment":       each(1000),
	"confirmTotpEnrollment":     part(10),
	"removeTotp":                each(1000),
	"renamePasskey":             each(100),
	"removePasskey":             each(1000),
	"regenerateRecoveryCodes":   each(1000),
	"resetSecondFactors":        each(1000),
	"disableEducator":           each(1000),
	"enableEducator":            each(1000),
	"setEducatorRole":           each(1000),
	"endEducatorRole":           each(1000),
	"resendInvitation":          part(10),
	"withdrawInvitation":        each(1000),
	// Three of them in one operation would be guessing a password.
	"changePassword": part(3),

	"createGroup":    each(100, "input.studentIds", "input.educatorIds"),
	"updateGroup":    each(100, "input.educatorIds"),
	"deleteGroup":    each(1000),
	"deleteStudents": each(100, "input.studentIds"),
	// Each student brings groups back.
	"restoreStudents":          each(100, "input.studentIds"),
	"assignStudentsToGroups":   pairs,
	"removeStudentsFromGroups": pairs,
	"createStudent":            hashing,
	"updateStudent":            hashing,
	// Everything that names the student has to be searched.
	"eraseStudents": func(_ int, arguments map[string]any) int {
		return 1000 * max(1, listAt(arguments, "input.students"))
	},

	"submitBulkImport":   part(10),
	"bulkEditStudents":   part(20),
	"bulkDeleteStudents": part(20),
	"startBulkJob":       each(1000),
	"approveBulkJob":     each(1000),
	"cancelBulkJob":      each(1000),
	"undoBulkJob":        each(1000),
	"recordUsage":        each(100, "input.events"),
}

// queryPrices are the same for other fields. A missing one costs nothing extra.
var queryPrices = map[string]int{
	"Query.usageReport":       100,
	"Query.studentsCsvUrl":    100,
	"Query.auditEventsCsvUrl": 100,
	"Query.studentRecordUrl":  100,
	// Each header is compared with every column and its aliases.
	"Query.importMapping": 1000,
	// These take statements for each job, groups of problems one for each group.
	"BulkJob.problemGroups":   2000,
	"BulkJob.missingStudents": 200,
}

// part is the price of a mutation of which fewer than n fit into an operation.
func part(n int) func(int, map[string]any) int {
	return func(limit int, _ map[string]any) int { return limit/n + 1 }
}

// each is a base price plus ten points for each entry of certain lists.
func each(base int, paths ...string) func(int, map[string]any) int {
	return func(_ int, arguments map[string]any) int {
		n := base
		for _, path := range paths {
			n = sum(n, product(10, listAt(arguments, path)))
		}
		return n
	}
}

// pairs is the price of putting every student into every group. The largest allowed call
// leaves room for the answer.
func pairs(_ int, arguments map[string]any) int {
	return product(listAt(arguments, "input.studentIds"), max(1, listAt(arguments, "input.groupIds"))) / 4
}

// hashing is the price of a student, who may get a password.
func hashing(limit int, arguments map[string]any) int {
	if listAt(arguments, "input.password") > 0 {
		return limit/20 + 1
	}
	return 100 + 10*listAt(arguments, "input.groupIds")
}

// price is what a field, such as Mutation.signIn, costs in addition to its answer.
func (c *costs) price(name string, arguments map[string]any) int {
	mutation, is := strings.CutPrefix(name, "Mutation.")
	if !is {
		return queryPrices[name]
	}
	if price := mutationPrices[mutation]; price != nil {
		return price(c.limit, arguments)
	}
	return part(3)(c.limit, arguments)
}
