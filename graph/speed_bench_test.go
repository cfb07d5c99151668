package graph_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/sample"
)

var benchStudents = flag.Int("students", 20_000, "how many students the district of the benchmarks has")

// BenchmarkDashboard compares what the dashboard asks first, over HTTP with the
// session looked up, with the same rows read by hand-written SQL on the same
// database. `go test ./graph -bench Dashboard -run '^$' -students 200000`.
func BenchmarkDashboard(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			url := dbtest.URL(b, kind)
			d, err := database.Open(context.Background(), url)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			if _, err := d.Migrate(context.Background()); err != nil {
				b.Fatal(err)
			}
			s := newServer(b, d)
			hash, err := passwd.NewHasher(cheap).Hash(context.Background(), password)
			if err != nil {
				b.Fatal(err)
			}
			filled, err := sample.Fill(context.Background(), d,
				sample.Options{Students: *benchStudents, Now: fixture.Today, Add: true, PasswordHash: hash})
			if err != nil {
				b.Fatal(err)
			}
			conn, err := database.OpenSQL(url)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			s.benchmark(b, conn, filled)
		})
	}
}

func (s *server) benchmark(b *testing.B, conn *sql.DB, filled sample.Summary) {
	who := s.DistrictAdmin
	for _, e := range s.Client().Educator.Query().AllX(fixture.System()) {
		if e.Email == filled.SignIns[0].Email {
			who = e
		}
	}
	district := globalid.Encode(globalid.Organization, filled.DistrictID)
	for _, c := range []struct{ name, graphql, sql string }{
		{"the notice",
			fmt.Sprintf(`{ dashboardNotifications(organizationId: "%s") { count } }`, district),
			"SELECT COUNT(*) FROM students WHERE district_id = ? AND ungrouped = 1 AND active = 1 AND deleted_at IS NULL"},
		{"the first page of unassigned students",
			`{ students(filter: {noGroups: true}) { nodes { id firstName lastName username grade } } }`,
			"SELECT id, first_name, last_name, username, grade FROM students WHERE district_id = ? AND ungrouped = 1 " +
				"AND deleted_at IS NULL ORDER BY sort_name, id LIMIT 51"},
	} {
		b.Run(c.name+" by hand-written SQL", func(b *testing.B) {
			for b.Loop() {
				rows, err := conn.Query(c.sql, filled.DistrictID)
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
				}
				if err := rows.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+" over HTTP", func(b *testing.B) {
			for b.Loop() {
				if a := s.ask(b, who, c.graphql, nil); len(a.Errors) > 0 {
					b.Fatal(a)
				}
			}
		})
	}
}
