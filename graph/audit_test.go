package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestTheSchemaNamesEveryAction holds the enum of the contract to the actions that
// are recorded.
func TestTheSchemaNamesEveryAction(t *testing.T) {
	t.Parallel()
	var named []audit.Action
	for _, v := range loadSchema(t).Types["AuditAction"].EnumValues {
		named = append(named, audit.Action(v.Name))
		if v.Description != audit.Action(v.Name).Meaning() {
			t.Errorf("%s is described as %q; it means %q", v.Name, v.Description, audit.Action(v.Name).Meaning())
		}
	}
	if slices.Sort(named); !slices.Equal(named, audit.Actions()) {
		t.Errorf("the schema names %v; recorded are %v", named, audit.Actions())
	}
}

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		ada := s.Student(t, s.North, "Ada", "Byron", 0, s.Algebra)
		cem := s.Student(t, s.South, "Cem", "South", 0, s.Chemistry)
		north, south := globalid.Encode(globalid.Organization, s.North.ID), globalid.Encode(globalid.Organization, s.South.ID)
		change := func(who *db.Educator, st *db.Student, name string) {
			t.Helper()
			if a := s.ask(t, who,
				fmt.Sprintf(`mutation Rename { updateStudent(input: {id: %q, lastName: %q}) { userErrors { code } } }`,
					studentID(st), name), nil); len(a.Errors) > 0 {
				t.Fatal(a.Errors)
			}
		}
		change(s.NorthTeacher, ada, "Lovelace")
		change(s.SouthAdmin, cem, "Söderberg")
		list := func(who *db.Educator, arguments string) []string {
			t.Helper()
			a := s.ask(t, who,
				"{ auditEvents"+arguments+" { nodes { action actor { kind name } operationName targetId } } }", nil)
			if len(a.Errors) > 0 {
				t.Fatal(a.Errors)
			}
			var lines []string
			for _, n := range a.at("auditEvents.nodes").([]any) {
				n := n.(map[string]any)
				lines = append(lines, fmt.Sprint(n["action"], " by ", n["actor"].(map[string]any)["name"], " to ", n["targetId"]))
			}
			return lines
		}
		renamed := fmt.Sprintf("STUDENT_UPDATED by Tara Teach to %s", studentID(ada))
		elsewhere := fmt.Sprintf("STUDENT_UPDATED by Saul South to %s", studentID(cem))

		t.Run("a district sees all, a school what is about it", func(t *testing.T) {
			all := list(s.DistrictAdmin, "(filter: {actions: [STUDENT_UPDATED]})")
			if !slices.Equal(all, []string{elsewhere, renamed}) {
				t.Errorf("%q", all)
			}
			if got := list(s.NorthAdmin, "(filter: {actions: [STUDENT_UPDATED]})"); !slices.Equal(got, []string{renamed}) {
				t.Errorf("%q", got)
			}
			if got := list(s.DistrictAdmin,
				fmt.Sprintf("(organizationId: %q, filter: {actions: [STUDENT_UPDATED]})", south)); !slices.Equal(got,
				[]string{elsewhere}) {
				t.Errorf("%q", got)
			}
			if got := list(s.BetaAdmin, "(filter: {actions: [STUDENT_UPDATED]})"); len(got) != 0 {
				t.Errorf("%q", got)
			}
		})
		t.Run("each filter keeps what it names", func(t *testing.T) {
			for filter, want := range map[string][]string{
				fmt.Sprintf(`{subjectId: %q}`, studentID(ada)):                                                {renamed},
				fmt.Sprintf(`{actions: [STUDENT_UPDATED], actorId: %q}`, globalidOf(s.SouthAdmin)):            {elsewhere},
				`{actions: [STUDENT_UPDATED], actorKind: SERVICE_KEY}`:                                        nil,
				`{actions: [STUDENT_UPDATED], from: "2099-01-01T00:00:00Z"}`:                                  nil,
				`{actions: [STUDENT_UPDATED], from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00+01:00"}`: {elsewhere, renamed},
				`{jobId: "job_zz"}`: nil,
			} {
				if got := list(s.DistrictAdmin, "(filter: "+filter+")"); !slices.Equal(got, want) {
					t.Errorf("%s: %q; want %q", filter, got, want)
				}
			}
			if a := s.ask(t, s.DistrictAdmin, `{ auditEvents(filter: {actorId: "stu_1"}) { totalCount } }`,
				nil); a.code() != "BAD_USER_INPUT" {
				t.Errorf("%+v", a)
			}
		})
		t.Run("pages meet without a gap", func(t *testing.T) {
			var whole, paged []string
			read := func(arguments string) (ids []string, end string, more bool) {
				a := s.ask(t, s.DistrictAdmin, `{ auditEvents(`+arguments+
					`, filter: {actions: [SIGNED_IN, STUDENT_UPDATED]}) { nodes { id } pageInfo { endCursor hasNextPage } } }`, nil)
				for _, n := range a.at("auditEvents.nodes").([]any) {
					ids = append(ids, n.(map[string]any)["id"].(string))
				}
				end, _ = a.at("auditEvents.pageInfo.endCursor").(string)
				return ids, end, a.at("auditEvents.pageInfo.hasNextPage") == true
			}
			whole, _, _ = read("first: 100")
			for after := ""; ; {
				ids, end, more := read("first: 2" + after)
				paged = append(paged, ids...)
				if after = fmt.Sprintf(", after: %q", end); !more {
					break
				}
			}
			if !slices.Equal(whole, paged) || len(whole) < 4 {
				t.Errorf("%q in pages; %q as a whole", paged, whole)
			}
		})
		t.Run("an entry says what changed, and nothing more once that was erased", func(t *testing.T) {
			ask := fmt.Sprintf(`{ auditEvents(filter: {actions: [STUDENT_UPDATED], subjectId: %q}) { nodes {
				sequence hash requestId subjects { id erased node { ... on Student { firstName } } changes { field before after } } } } }`, studentID(ada))
			a := s.ask(t, s.DistrictAdmin, ask, nil)
			if a.at("auditEvents.nodes.0.subjects.0.changes.0.before") != "Byron" ||
				a.at("auditEvents.nodes.0.subjects.0.changes.0.after") != "Lovelace" ||
				a.at("auditEvents.nodes.0.subjects.0.node.firstName") != "Ada" || a.at("auditEvents.nodes.0.sequence") == nil {
				t.Errorf("%+v", a)
			}
			if a := s.ask(t, s.NorthAdmin, ask, nil); a.at("auditEvents.nodes.0.sequence") != nil ||
				a.at("auditEvents.nodes.0.hash") == nil {
				t.Errorf("a school is told how much happens elsewhere: %+v", a)
			}
			err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				_, err := audit.Erase(ctx, client, s.Alpha.ID, s.North.ID, globalid.Student, []int{ada.ID})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			a = s.ask(t, s.DistrictAdmin, ask, nil)
			if a.at("auditEvents.nodes.0.subjects.0.erased") != true ||
				len(a.at("auditEvents.nodes.0.subjects.0.changes").([]any)) != 0 {
				t.Errorf("%+v", a)
			}
		})
		t.Run("reading students is recorded, with the kinds of filters and not what was searched for", func(t *testing.T) {
			s.ask(t, s.NorthTeacher,
				fmt.Sprintf(`query Look { students(organizationId: %q, filter: {search: "love"}) { nodes { firstName } } }`, north),
				nil)
			entries := s.entriesOf(t, "Look")
			if len(entries) != 1 || entries[0].Action != "STUDENTS_READ" || entries[0].OrganizationID != s.North.ID ||
				entries[0].Facts != `{"filters":["search"],"lists":["students"],"students":1}` {
				t.Errorf("%v", entries)
			}
			s.ask(t, s.NorthTeacher, `query Count { students { totalCount } }`, nil)
			if entries := s.entriesOf(t, "Count"); len(entries) != 0 {
				t.Errorf("a number gives nobody out: %v", entries)
			}
			s.ask(t, s.NorthTeacher, fmt.Sprintf(`query Foreign { node(id: %q) { id } }`, studentID(cem)), nil)
			if actions := s.actionsOf(t, "Foreign"); !slices.Equal(actions, []audit.Action{audit.AccessRefused}) {
				t.Errorf("%v", actions)
			}
		})
		t.Run("a subscription that gives people out is recorded when it begins, one that counts is not", func(t *testing.T) {
			job := s.verifiedJob(t, s.DistrictAdmin)
			s.firstEvent(t, s.DistrictAdmin,
				fmt.Sprintf(`subscription Watch { r: bulkJob(id: %q) { changes { nodes { label } } } }`, job))
			if actions := s.actionsOf(t, "Watch"); !slices.Equal(actions, []audit.Action{audit.StudentsWatched}) {
				t.Errorf("%v", actions)
			}
			s.firstEvent(t, s.DistrictAdmin,
				fmt.Sprintf(`subscription Bar { r: bulkJob(id: %q) { progress { percent } } }`, job))
			if actions := s.actionsOf(t, "Bar"); len(actions) != 0 {
				t.Errorf("%v", actions)
			}
		})
		t.Run("the same list comes as CSV, which is recorded before its first byte", func(t *testing.T) {
			a := s.ask(t, s.DistrictAdmin,
				fmt.Sprintf(`{ auditEventsCsvUrl(organizationId: %q, filter: {actions: [STUDENT_UPDATED]}) }`,
					globalid.Encode(globalid.Organization, s.Alpha.ID)), nil)
			resp, text := follow(t, a.at("auditEventsCsvUrl").(string))
			if resp.StatusCode != 200 || strings.Count(text, "\r\n") != 3 ||
				!strings.Contains(text, "lastName: South → Söderberg") || !strings.Contains(text, ": erased") {
				t.Errorf("%d %s", resp.StatusCode, text)
			}
			if actions := s.actionsOf(t, "/downloads/audit-trail"); !slices.Equal(actions,
				[]audit.Action{audit.AuditDownloaded}) {
				t.Errorf("%v", actions)
			}
			if got := list(s.DistrictAdmin, "(filter: {actions: [AUDIT_DOWNLOADED]})"); len(got) != 1 {
				t.Errorf("%q", got)
			}
		})
	})
}

func globalidOf(e *db.Educator) string { return globalid.Encode(globalid.Educator, e.ID) }
