package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/sample"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// district is a made-up one, with its administrator.
func district(b *testing.B, kind database.Kind) (*database.DB, *roster.Service, context.Context) {
	b.Helper()
	d := dbtest.Open(b, kind)
	if _, err := sample.Fill(context.Background(), d,
		sample.Options{Students: 20_000, Seed: 1, Now: time.Now()}); err != nil {
		b.Fatal(err)
	}
	who := d.Client(b.Context()).Educator.Query().Where(educator.Email("district@example.com")).WithRoles().
		OnlyX(fixture.System())
	v := &viewer.Viewer{EducatorID: who.ID, DistrictID: who.DistrictID}
	for _, r := range who.Edges.Roles {
		v.Assignments = append(v.Assignments,
			viewer.Assignment{Role: viewer.Role(r.Role), OrganizationID: r.OrganizationID, DistrictID: r.DistrictID})
	}
	r := roster.New(d, roster.Options{Recount: usage.RecountStudents, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	return d, r, viewer.NewContext(context.Background(), v)
}

// paired measures two ways to do the same, in turns, so that a machine that is busy
// with something else is so for both, and reports the medians and the fastest.
func paired(b *testing.B, without, with func()) {
	b.Helper()
	var took [2][]time.Duration
	for b.Loop() {
		for i, do := range []func(){without, with} {
			start := time.Now()
			do()
			took[i] = append(took[i], time.Since(start))
		}
	}
	for i, name := range []string{"without", "with"} {
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2].Microseconds()), name+"-µs")
		b.ReportMetric(float64(took[i][0].Microseconds()), name+"-fastest-µs")
	}
	b.ReportMetric(0, "ns/op") // of both together, which says nothing
}

// BenchmarkReads asks for pages of 50 students, over the endpoint, with their
// reading recorded in the background and without.
func BenchmarkReads(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			d, r, ctx := district(b, kind)
			log := slog.New(slog.DiscardHandler)
			ask := func(trail *audit.Service) func() {
				endpoint := graph.NewHandler(
					&graph.Resolver{DB: d, Roster: r, Usage: usage.New(d, time.Now, log), Audit: trail, Log: log}, graph.Limits{})
				return func() {
					req := httptest.NewRequest("POST", "/graphql",
						strings.NewReader(
							`{"query": "query Page { students(first: 50) { nodes { id firstName lastName groups { name } } } }"}`)).
						WithContext(ctx)
					req.Header.Set("Content-Type", "application/json")
					w := httptest.NewRecorder()
					if endpoint.ServeHTTP(w, req); w.Code != 200 || strings.Contains(w.Body.String(), "errors") {
						b.Fatal(w.Body.String())
					}
				}
			}
			silent, loud := audit.New(d, time.Now, log), audit.New(d, time.Now, log)
			defer silent.Discard()()
			work, stop := context.WithCancel(context.Background())
			defer stop()
			go func() { _ = loud.Run(work) }()
			time.Sleep(50 * time.Millisecond) // until the writer runs
			paired(b, ask(silent), ask(loud))
		})
	}
}

// BenchmarkWriter is what the writer in the background does for each read.
func BenchmarkWriter(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			s := audit.New(dbtest.Open(b, kind), time.Now, slog.New(slog.DiscardHandler))
			const batch = 200
			for b.Loop() {
				if err := s.Write(b.Context(),
					audit.Event{Action: audit.StudentsRead, DistrictID: 1, Facts: audit.Facts{"students": 50}}, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/read")
		})
	}
}

// BenchmarkAssign puts students into a group and takes them out again, with the
// two entries and without.
func BenchmarkAssign(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		for _, n := range []int{7, 300} {
			b.Run(fmt.Sprintf("%s/%d students", kind, n), func(b *testing.B) {
				d, r, ctx := district(b, kind)
				to := d.Client(ctx).Group.Query().Where(group.Synced(0)).FirstX(ctx)
				ids := d.Client(ctx).Student.Query().Where(student.Synced(0), student.GroupCount(0)).Limit(n).IDsX(ctx)
				change := func(assign func(context.Context, []int, []int) (roster.Assigned, error), recorded bool) {
					err := d.InTx(ctx, func(ctx context.Context, _ *db.Client) error {
						done, err := assign(ctx, ids, []int{to.ID})
						if err == nil && done.Changed != n {
							err = fmt.Errorf("%d of %d", done.Changed, n)
						}
						if !recorded {
							audit.Forget(ctx)
						}
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				both := func(recorded bool) func() {
					return func() { change(r.AssignStudents, recorded); change(r.RemoveStudents, recorded) }
				}
				paired(b, both(false), both(true))
			})
		}
	}
}

// BenchmarkBatch is what a bulk job pays for each 500 rows: the digest of the rows,
// and one entry.
func BenchmarkBatch(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			d := dbtest.Open(b, kind)
			plan := []byte(strings.Repeat("x", 400))
			for b.Loop() {
				err := d.InTx(fixture.System(), func(ctx context.Context, _ *db.Client) error {
					var rows audit.Rows
					for i := range 500 {
						rows.Add(i, i, 1, plan, nil)
					}
					audit.Record(ctx,
						audit.Event{
							Action:     audit.JobRowsApplied,
							DistrictID: 1,
							JobID:      1,
							Facts:      audit.Facts{"rows": 500, "digest": rows.Digest()},
						})
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
