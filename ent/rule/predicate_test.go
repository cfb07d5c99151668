package rule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestPredicatesByThemselves reads as the server with each predicate that other
// packages use, in the name of everybody and of several together: there no policy asks
// for each hand, so that the predicate has to.
func TestPredicatesByThemselves(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, rand.Uint64()} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				w := district(t, d, seed)
				for _, p := range policies() {
					w.load(t, p.table)
				}
				for _, c := range w.callers {
					if c.viewer == nil || c.isBeforeSecondFactor() {
						continue
					}
					w.comparePredicates(t, c)
				}
			})
		})
	}
}

func (w *world) comparePredicates(t *testing.T, c caller) {
	t.Helper()
	ctx, client, v := fixture.System(), w.Client(), c.viewer
	for _, p := range []struct {
		name, table string
		people      may
		read        func() []int
	}{
		{"StudentsSeen", "students", ask.student,
			func() []int { return client.Student.Query().Where(rule.StudentsSeen(v)).IDsX(ctx) }},
		{"StudentsEdited", "students", ask.studentEdited,
			func() []int { return client.Student.Query().Where(rule.StudentsEdited(v)).IDsX(ctx) }},
		{"StudentsAdministered", "students", ask.studentAdministered,
			func() []int { return client.Student.Query().Where(rule.StudentsAdministered(v)).IDsX(ctx) }},
		{"GroupsSeen", "groups", ask.group, func() []int { return client.Group.Query().Where(rule.GroupsSeen(v)).IDsX(ctx) }},
		{"EducatorsSeen", "educators", ask.educator,
			func() []int { return client.Educator.Query().Where(rule.EducatorsSeen(v)).IDsX(ctx) }},
		{"EducatorsEdited", "educators", ask.educatorEdited,
			func() []int { return client.Educator.Query().Where(rule.EducatorsEdited(v)).IDsX(ctx) }},
		{"OrganizationsSeen", "organizations", ask.organization,
			func() []int { return client.Organization.Query().Where(rule.OrganizationsSeen(v)).IDsX(ctx) }},
		{"OrganizationsAdministered", "organizations", ask.organizationAdministered,
			func() []int { return client.Organization.Query().Where(rule.OrganizationsAdministered(v)).IDsX(ctx) }},
		{"JobsSeen", "bulk_jobs", ask.job, func() []int { return client.BulkJob.Query().Where(rule.JobsSeen(v)).IDsX(ctx) }},
		{"RefusedRowsSeen", "bulk_job_refused_rows", ask.refusedRow,
			func() []int { return client.BulkJobRefusedRow.Query().Where(rule.RefusedRowsSeen(v)).IDsX(ctx) }},
	} {
		if p.name != "RefusedRowsSeen" && (c.isSystem() || slices.ContainsFunc(v.Hands(),
			func(h *viewer.Viewer) bool { return h.Key != nil })) {
			continue // The server and programs have predicates of their own.
		}
		got, want := p.read(), w.keys(p.table, w.rule(c, p.people, p.people))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s of %s: %v; want %v", p.name, c.name, got, want)
		}
	}
}
