package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestWhatAViewerCanIsWhatMutationsAnswer asks every caller about students and groups, and
// compares what the fields say with what the mutations then answer. Whoever does not see
// something is not asked.
func TestWhatAViewerCanIsWhatMutationsAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		system := fixture.System()
		synced := s.Group(t, s.North, "Synced").Update().SetSynced(1).SaveX(system)
		s.Teach(t, s.NorthTeacher, synced)
		s.Teach(t, s.SouthTeacher, s.Algebra) // somebody from another school
		students := map[string]*db.Student{
			"in a group":        s.Student(t, s.North, "Ada", "In", 0, s.Algebra),
			"in no group":       s.Student(t, s.North, "Bob", "None", 0),
			"in another group":  s.Student(t, s.North, "Cid", "Other", 0, s.Biology),
			"in a synced group": s.Student(t, s.North, "Dee", "Synced", 0, synced),
			"synced": s.Student(t, s.North, "Eve", "Kept", 0, s.Algebra).Update().SetSynced(1).
				SaveX(system),
			"of another school": s.Student(t, s.South, "Fay", "South", 0),
		}
		groups := map[string]*db.Group{"taught": s.Algebra, "not taught": s.Biology, "synced": synced,
			"of another school": s.Chemistry}
		member := s.Student(t, s.North, "Gus", "Member", 0, s.Algebra)
		seen := map[bool]int{}
		for caller, who := range s.callers() {
			if who == nil {
				continue
			}
			for what, st := range students {
				a := s.ask(t, who, fmt.Sprintf(`{ node(id: %q) { ... on Student { viewerCanEdit } } }`, studentID(st)), nil)
				can, sees := a.at("node.viewerCanEdit").(bool)
				if !sees {
					continue
				}
				seen[can]++
				got := s.outcome(t, who, fmt.Sprintf(
					`mutation { r: updateStudent(input: {id: %q, password: "seven tame otters"}) { userErrors { code } } }`,
					studentID(st)))
				if (got == ok) != can || !can && got != no {
					t.Errorf("student %s, %s: viewerCanEdit is %t, and the mutation answers %s", what, caller, can, got)
				}
				list := s.ask(t, who, `{ students(first: 100) { nodes { id viewerCanEdit } } }`, nil)
				if want := fmt.Sprintf("map[id:%s viewerCanEdit:%t]", studentID(st), can); !strings.Contains(
					fmt.Sprint(list.Data), want) {
					t.Errorf("student %s, %s: the list says otherwise: %v", what, caller, list.Data)
				}
			}
			for what, g := range groups {
				id := globalid.Encode(globalid.Group, g.ID)
				a := s.ask(t, who, fmt.Sprintf(`{ node(id: %q) { ... on Group { viewerCanEdit viewerCanAssign } } }`, id), nil)
				can, sees := a.at("node.viewerCanEdit").(bool)
				if !sees {
					continue
				}
				seen[can]++
				got := s.outcome(t, who, fmt.Sprintf(
					`mutation { r: updateGroup(input: {id: %q, name: "Another name"}) { userErrors { code } } }`, id))
				if (got == ok) != can || !can && got != "SYNCED_GROUP" {
					t.Errorf("group %s, %s: viewerCanEdit is %t, and the mutation answers %s", what, caller, can, got)
				}
				can = a.at("node.viewerCanAssign").(bool)
				for _, mutation := range []string{"assignStudentsToGroups", "removeStudentsFromGroups"} {
					got := s.outcome(t, who, fmt.Sprintf(
						`mutation { r: %s(input: {studentIds: [%q], groupIds: [%q]}) { userErrors { code } } }`, mutation,
						studentID(member), id))
					// The student may be outside of the purview, or of another school than the group.
					if can && got == "SYNCED_GROUP" || !can && got != "SYNCED_GROUP" {
						t.Errorf("group %s, %s: viewerCanAssign is %t, and %s answers %s", what, caller, can, mutation, got)
					}
				}
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("%v", seen)
		}
	})
}

// TestJobsAreFiltered lists jobs by their state and kind, forwards and backwards.
func TestJobsAreFiltered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		var ids []string
		for range 3 {
			ids = append(ids, s.verifiedJob(t, s.DistrictAdmin))
		}
		s.ask(t, s.DistrictAdmin, fmt.Sprintf(`mutation { cancelBulkJob(id: %q) { userErrors { code } } }`, ids[1]), nil)
		for filter, want := range map[string][]string{
			`filter: {statuses: [READY]}`:                            {ids[2], ids[0]},
			`filter: {statuses: [READY, CANCELED, READY]}`:           {ids[2], ids[1], ids[0]},
			`filter: {statuses: [CANCELED], kinds: [IMPORT_GROUPS]}`: {ids[1]},
			`filter: {kinds: [IMPORT_STUDENTS]}`:                     {},
			`filter: {statuses: []}, last: 2`:                        {ids[1], ids[0]},
			`first: 1`:                                               {ids[2]},
		} {
			a := s.ask(t, s.DistrictAdmin, fmt.Sprintf(`{ bulkJobs(organizationId: %q, %s) { totalCount nodes { id } } }`,
				globalid.Encode(globalid.Organization, s.Alpha.ID), filter), nil)
			var got []string
			nodes, _ := a.at("bulkJobs.nodes").([]any)
			for _, n := range nodes {
				got = append(got, n.(map[string]any)["id"].(string))
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v; want %v (%v)", filter, got, want, a)
			}
		}
		page := s.ask(t, s.DistrictAdmin, `{ bulkJobs(last: 1) { pageInfo { startCursor hasPreviousPage } } }`, nil)
		before := s.ask(t, s.DistrictAdmin, fmt.Sprintf(`{ bulkJobs(last: 1, before: %q) { nodes { id } } }`,
			page.at("bulkJobs.pageInfo.startCursor")), nil)
		if page.at("bulkJobs.pageInfo.hasPreviousPage") != true || before.at("bulkJobs.nodes.0.id") != ids[1] {
			t.Errorf("%v, then %v", page, before)
		}
	})
}
