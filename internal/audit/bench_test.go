package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/group"
	"homeroom/ent/db/student"
	"homeroom/graph"
	"homeroom/internal/audit"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/fixture"
	"homeroom/internal/roster"
	"homeroom/internal/sample"
	"homeroom/internal/usage"
	"homeroom/internal/viewer"
)

// district is a made-up one, with its administrator.
func district(b *testing.B, kind database.Kind) (*database.DB, *roster.Service, context.Context) {
	b.Helper()
	d := dbtest.Open(b, kind)
	if _, err := sample.Fill(context.Background(), d, sample.Options{Students: 20_000, Seed: 1, Now: time.Now()}); err != nil {
		b.Fatal(err)
	}
	who := d.Client(b.Context()).Educator.Query().Where(educator.Email("district@example.com")).WithRoles().OnlyX(fixture.System())
	v := &viewer.Viewer{EducatorID: who.ID, DistrictID: who.DistrictID}
	for _, r := range who.Edges.Roles {
		v.Assignments = append(v.Assignments, viewer.Assignment{Role: viewer.Role(r.Role), OrganizationID: r.OrganizationID, DistrictID: r.DistrictID})
	}
	r := roster.New(d, roster.Options{Recount: usage.RecountStudents, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	return d, r, viewer.NewContext(context.Background(), v)
}

// BenchmarkReads asks for pages of 50 students, over the endpoint, with their
// reading recorded in the background and without.
func BenchmarkReads(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		d, r, ctx := district(b, kind)
		for _, recorded := range []string{"without", "with"} {
			b.Run(fmt.Sprint(kind, "/", recorded), func(b *testing.B) {
				log := slog.New(slog.DiscardHandler)
				trail := audit.New(d, time.Now, log)
				work, stop := context.WithCancel(context.Background())
				done := make(chan struct{})
				if recorded == "with" {
					go func() { _ = trail.Run(work); close(done) }()
				} else {
					end := trail.Discard()
					context.AfterFunc(work, func() { end(); close(done) })
				}
				endpoint := graph.NewHandler(&graph.Resolver{DB: d, Roster: r, Usage: usage.New(d, time.Now, log), Audit: trail, Log: log}, graph.Limits{})
				time.Sleep(50 * time.Millisecond) // until the writer runs
				for b.Loop() {
					req := httptest.NewRequest("POST", "/graphql", strings.NewReader(`{"query": "query Page { students(first: 50) { nodes { id firstName lastName groups { name } } } }"}`)).WithContext(ctx)
					req.Header.Set("Content-Type", "application/json")
					w := httptest.NewRecorder()
					if endpoint.ServeHTTP(w, req); w.Code != 200 || strings.Contains(w.Body.String(), "errors") {
						b.Fatal(w.Body.String())
					}
				}
				stop()
				<-done
			})
		}
	}
}

// BenchmarkAssign puts students into a group and takes them out again, with the
// two entries and without.
func BenchmarkAssign(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		d, r, ctx := district(b, kind)
		to := d.Client(ctx).Group.Query().Where(group.Synced(0)).FirstX(ctx)
		for _, n := range []int{7, 500} {
			ids := d.Client(ctx).Student.Query().Where(student.OrganizationID(to.OrganizationID), student.Synced(0), student.GroupCount(0)).Limit(n).IDsX(ctx)
			for _, recorded := range []string{"without", "with"} {
				b.Run(fmt.Sprintf("%s/%d students/%s", kind, len(ids), recorded), func(b *testing.B) {
					change := func(assign func(context.Context, []int, []int) (roster.Assigned, error)) {
						err := d.InTx(ctx, func(ctx context.Context, _ *db.Client) error {
							done, err := assign(ctx, ids, []int{to.ID})
							if err == nil && done.Added != len(ids) {
								err = fmt.Errorf("%d of %d", done.Added, len(ids))
							}
							if recorded == "without" {
								audit.Forget(ctx)
							}
							return err
						})
						if err != nil {
							b.Fatal(err)
						}
					}
					for b.Loop() {
						change(r.AssignStudents)
						change(r.RemoveStudents)
					}
				})
			}
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
					audit.Record(ctx, audit.Event{Action: audit.JobRowsApplied, DistrictID: 1, JobID: 1, Facts: audit.Facts{"rows": 500, "digest": rows.Digest()}})
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
