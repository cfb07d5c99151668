package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
)

// TestWhatOperationsCost names the points of operations, one for each way in which
// they add up.
func TestWhatOperationsCost(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	hundred := map[string]any{"ids": slices.Repeat([]any{"x"}, 100), "n": 7}
	for query, want := range map[string]int{
		// Fields, fragments, and fields next to each other.
		`{ viewer { educator { id } } }`:                                                  3,
		`{ viewer { educator { id email } } }`:                                            4,
		`{ a: viewer { educator { id } } b: viewer { educator { id } } }`:                 6,
		`{ viewer { ...v } b: viewer { ...v } } fragment v on Viewer { educator { id } }`: 6,
		`{ viewer { ... on Viewer { educator { id } } } }`:                                3,
		`{ __typename }`: 1,
		// Pages count as they are asked for, from both ends and by variables.
		`{ students { nodes { id } } }`:                          101,
		`{ students(first: 10) { nodes { id } } }`:               21,
		`{ students(last: 10) { nodes { id } } }`:                21,
		`query($n: Int) { students(last: $n) { nodes { id } } }`: 15,
		`{ students(first: 100000) { nodes { id } } }`:           1001,
		// Lists that are not paged count as they usually are.
		`{ students(first: 10) { nodes { groups { id } } } }`:                             71,
		`{ deletedStudents(organizationId: "x", first: 10) { nodes { groups { id } } } }`: 71,
		`{ viewer { organizations { children { id } } } }`:                                1642,
		// A field of an interface costs what it costs of the dearest type.
		`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`:                               126,
		`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Student { groups { id } } } }`: 626,
		// Computed answers, and files.
		`{ usageReport(organizationId: "x") { rows { __typename } } }`:                                                     142,
		`{ studentsCsvUrl(organizationId: "x") }`:                                                                          101,
		`{ bulkJobs(first: 20) { nodes { problemGroups(first: 1) { code } } } }`:                                           40_061,
		`{ bulkJobs(first: 20) { nodes { missingStudents(first: 1) { totalCount } } } }`:                                   4061,
		`{ importMapping(kind: IMPORT_STUDENTS, headers: ["x"]) { problem } }`:                                             1002,
		`mutation($ids: [ID!]!) { restoreStudents(input: {studentIds: $ids}) { students { id } } }`:                        1326,
		`mutation($ids: [ID!]!) { assignStudentsToGroups(input: {studentIds: $ids, groupIds: $ids}) { students { id } } }`: 2751,
	} {
		got, err := document.Cost(schema, 60_000, query, hundred)
		if err != nil || got != want {
			t.Errorf("%s: %d points, %v; want %d", query, got, err, want)
		}
	}
}

// TestAnInterfaceCostsAsItsDearestType asks for a field of an interface. In one of its
// types, the field's arguments determine the rows of a list.
func TestAnInterfaceCostsAsItsDearestType(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		interface Asker { nodes(ids: [ID!]!): [Thing!]! }
		type Thing { id: ID! }
		type Query implements Asker { nodes(ids: [ID!]!): [Thing!]! asker: Asker }`})
	if got, err := document.Cost(schema, 60_000, `{ asker { nodes(ids: ["a", "b", "c", "d"]) { id } } }`,
		nil); err != nil || got != 7 {
		t.Errorf("%d points, %v; want 7", got, err)
	}
}

// TestThePricesOfMutations lists what each mutation costs in addition to its answer if an
// operation may cost 60,000 points, and by how much its price grows with its input.
func TestThePricesOfMutations(t *testing.T) {
	t.Parallel()
	prices := map[int]string{
		0: "assignStudentsToGroups removeStudentsFromGroups",
		100: "signOut revokeSession revokeOtherSessions renamePasskey revokeServiceKey createGroup updateGroup " +
			"createStudent updateStudent deleteStudents restoreStudents recordUsage",
		1000: "beginPasskeySignIn beginPasskeyProof beginTotpEnrollment removeTotp beginPasskeyRegistration " +
			"finishPasskeyRegistration removePasskey regenerateRecoveryCodes resetSecondFactors " +
			"disableEducator enableEducator setEducatorRole endEducatorRole withdrawInvitation " +
			"createServiceKey updateOrganizationSettings approvePendingSetting withdrawPendingSetting " +
			"deleteGroup eraseStudents startBulkJob approveBulkJob cancelBulkJob undoBulkJob",
		3_001:  "bulkEditStudents bulkDeleteStudents",
		6_001:  "confirmTotpEnrollment requestPasswordReset inviteEducator resendInvitation submitBulkImport",
		12_001: "correctBulkJobRow",
		20_001: "signIn signInWithCode setPasswordByLink completeSignIn finishPasskeySignIn proveIdentity " +
			"changePassword",
	}
	wanted := map[string]int{}
	for price, names := range prices {
		for name := range strings.FieldsSeq(names) {
			wanted[name] = price
		}
	}
	for _, f := range generated.NewExecutableSchema(generated.Config{}).Schema().Mutation.Fields {
		want, there := wanted[f.Name]
		if got := document.Price(60_000, "Mutation."+f.Name, nil); !there || got != want {
			t.Errorf("%s costs %d points; want %d", f.Name, got, want)
		}
	}
	hundred := slices.Repeat([]any{"x"}, 100)
	for _, c := range []struct {
		name  string
		input map[string]any
		want  int
	}{
		{"createGroup", map[string]any{"studentIds": hundred}, 1100},
		{"createGroup", map[string]any{"educatorIds": hundred}, 1100},
		{"updateGroup", map[string]any{"educatorIds": hundred}, 1100},
		{"deleteStudents", map[string]any{"studentIds": hundred}, 1100},
		{"restoreStudents", map[string]any{"studentIds": hundred}, 1100},
		{"recordUsage", map[string]any{"events": hundred}, 1100},
		{"assignStudentsToGroups", map[string]any{"studentIds": hundred}, 25},
		{"assignStudentsToGroups", map[string]any{"studentIds": hundred, "groupIds": hundred}, 2500},
		{"removeStudentsFromGroups", map[string]any{"studentIds": hundred, "groupIds": hundred[:2]}, 50},
		{"createStudent", map[string]any{"groupIds": hundred}, 1100},
		{"createStudent", map[string]any{"password": "a password"}, 3001},
		{"updateStudent", map[string]any{"password": "a password"}, 3001},
		{"eraseStudents", map[string]any{"students": hundred}, 100_000},
	} {
		if got := document.Price(60_000, "Mutation."+c.name, map[string]any{"input": c.input}); got != c.want {
			t.Errorf("%s with %d lists costs %d points; want %d", c.name, len(c.input), got, c.want)
		}
	}
}
