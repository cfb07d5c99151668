package graph_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestVariablesThatMakeNoSense checks that a client learns which variable is wrong, and
// what to send. Nothing of the operation runs.
func TestVariablesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	const query = `query($at: ID!, $day: Date, $n: Int, $if: Boolean! = true, $students: StudentFilter,
		$events: AuditEventFilter, $period: UsagePeriod! = FOUR_WEEKS) {
		usageReport(organizationId: $at, from: $day, period: $period) { from }
		students(organizationId: $at, first: $n, filter: $students) @include(if: $if) { totalCount }
		auditEvents(organizationId: $at, filter: $events, first: 1) { nodes { at } } }`
	const record = `mutation($input: RecordUsageInput!, $if: Boolean! = true) {
		recordUsage(input: $input) @include(if: $if) { accepted } }`
	north := s.names(nil).Replace("{{North}}")
	usage := func(at string) map[string]any {
		return map[string]any{"eventId": "a", "studentExternalId": "1", "productCode": "p", "startedAt": at, "seconds": 5}
	}
	for _, c := range []struct {
		query     string
		variables map[string]any
		path      []any
		message   string
	}{
		{query, map[string]any{"at": north, "day": "yesterday"}, []any{"variable", "day"},
			`The variable $day is not of the type Date; send a day such as "2026-11-18".`},
		{query, map[string]any{"at": north, "day": 7}, []any{"variable", "day"}, `send a day such as "2026-11-18".`},
		{query, map[string]any{"at": north, "day": "2026-02-30"}, []any{"variable", "day"}, `of the type Date`},
		{query, map[string]any{"at": map[string]any{}}, []any{"variable", "at"},
			`The variable $at is not of the type ID!; send an ID, as text.`},
		{query, map[string]any{"at": nil}, []any{"variable", "at"}, `The variable $at is null; send an ID, as text.`},
		{query, map[string]any{}, []any{"variable", "at"}, `The variable $at is missing; send an ID, as text.`},
		{query, map[string]any{"at": north, "n": "x"}, []any{"variable", "n"}, `send a whole number between -2147483648 and`},
		{query, map[string]any{"at": north, "n": 1.5}, []any{"variable", "n"}, `not of the type Int`},
		{query, map[string]any{"at": north, "n": 1 << 31}, []any{"variable", "n"}, `not of the type Int`},
		{query, map[string]any{"at": north, "n": -1<<31 - 1}, []any{"variable", "n"}, `not of the type Int`},
		{query, map[string]any{"at": north, "n": "2147483648"}, []any{"variable", "n"}, `not of the type Int`},
		{query, map[string]any{"at": north, "if": "yes"}, []any{"variable", "if"}, `send true or false.`},
		{query, map[string]any{"at": north, "events": map[string]any{"from": "2026"}}, []any{"variable", "events", "from"},
			`The variable $events.from is not of the type DateTime; send an instant such as "2026-11-18T15:04:05Z".`},
		{query, map[string]any{"at": north, "events": map[string]any{"form": "2026"}}, []any{"variable", "events", "form"},
			`The variable $events.form does not exist: AuditEventFilter has no such field. Did you mean from?`},
		{query, map[string]any{"at": north, "students": []int{1}}, []any{"variable", "students"},
			`send an object of the type StudentFilter.`},
		{query, map[string]any{"at": north, "students": map[string]any{"grades": []any{"K", nil}}},
			[]any{"variable", "students", "grades", 1.0}, `The variable $students.grades[1] is null; send a text.`},
		{query, map[string]any{"at": north, "period": "FOUR"}, []any{"variable", "period"}, `send one of THIS_WEEK, LAST_WEEK,`},
		{record, map[string]any{"input": map[string]any{"organizationId": north, "events": []any{
			usage("2026-11-18T15:04:05Z"), usage("noon")}}},
			[]any{"variable", "input", "events", 1.0, "startedAt"}, `The variable $input.events[1].startedAt is not of the type`},
		{record, map[string]any{}, []any{"variable", "input"}, `send an object of the type RecordUsageInput.`},
	} {
		t.Run(fmt.Sprint(c.variables), func(t *testing.T) {
			t.Parallel()
			a := s.ask(t, s.NorthAdmin, c.query, c.variables)
			if a.code() != "BAD_USER_INPUT" || a.Data != nil || len(a.Errors) != 1 ||
				!reflect.DeepEqual(a.Errors[0].Path, c.path) || !strings.Contains(a.Errors[0].Message, c.message) {
				t.Errorf("got %+v", a)
			}
			// A caller who may not read the schema learns no names from the message.
			a = s.ask(t, s.NorthTeacher, c.query, c.variables)
			if a.code() != "BAD_USER_INPUT" || !reflect.DeepEqual(a.Errors[0].Path, c.path) ||
				strings.Contains(a.Errors[0].Message, "Did you mean") || strings.Contains(a.Errors[0].Message, "THIS_WEEK") {
				t.Errorf("a teacher gets %+v", a)
			}
			if a = s.ask(t, nil, c.query, c.variables); a.code() != "BAD_USER_INPUT" || a.Data != nil {
				t.Errorf("nobody gets %+v", a)
			}
		})
	}

	t.Run("what makes sense", func(t *testing.T) {
		t.Parallel()
		for _, variables := range []map[string]any{
			{"at": north}, {"at": north, "day": nil, "n": nil, "students": nil}, {"at": north, "n": 1<<31 - 1}, {"at": north, "n": "7"},
			{"at": north, "students": map[string]any{"grades": "K"}},
			{"at": north, "events": map[string]any{"from": "2026-11-18T15:04:05+01:00"}},
		} {
			if a := s.ask(t, s.NorthAdmin, query, variables); a.Errors != nil {
				t.Errorf("%v: got %+v", variables, a)
			}
		}
	})

	t.Run("in the document", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]string{
			`{ usageReport(organizationId: "{{North}}", from: "x") { from } }`:                       `"x" is not of the type Date; send a day`,
			`{ usageReport(organizationId: "{{North}}", from: 20261118) { from } }`:                  `20261118 is not of the type Date`,
			`{ auditEvents(filter: {from: "x"}) { nodes { at } } }`:                                  `not of the type DateTime`,
			`query($d: Date = "x") { usageReport(organizationId: "x", from: $d) { from } }`:          `not of the type Date`,
			`{ students(organizationId: "{{North}}", first: 2147483648) { totalCount } }`:            `send a whole number between`,
			`{ students(organizationId: "{{North}}", first: -2147483649) { totalCount } }`:           `send a whole number between`,
			`{ students(organizationId: "{{North}}", first: 2147483647) { totalCount } }`:            "",
			`{ usageReport(organizationId: "{{North}}", from: "2026-11-18") { from } }`:              "",
			`{ usageReport(organizationId: "{{North}}", from: null) { from } }`:                      "",
			`query($d: Date = null) { usageReport(organizationId: "{{North}}", from: $d) { from } }`: "",
		} {
			a := s.ask(t, s.NorthAdmin, s.names(nil).Replace(text), nil)
			if want == "" && a.code() == "GRAPHQL_VALIDATION_FAILED" ||
				want != "" && (a.code() != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(a.Errors[0].Message, want)) {
				t.Errorf("%s: got %+v", text, a)
			}
		}
	})
}
