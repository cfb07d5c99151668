package importer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"homeroom/ent/db"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/fixture"
	"homeroom/internal/fold"
	"homeroom/internal/viewer"
)

// BenchmarkImport checks and writes a file of new students, each in one group,
// and reports how long each step takes, beside a bare program that sends the
// least that can be sent: the same rows of students, words and enrollments, with
// statements of 500 rows, in transactions of 500 rows.
func BenchmarkImport(b *testing.B) {
	const rows = 20000
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			for b.Loop() {
				benchmarkImport(b, kind, rows)
			}
		})
	}
}

func benchmarkImport(b *testing.B, kind database.Kind, rows int) {
	d := dbtest.Open(b, kind)
	w := newBench(b, d)
	groups := make([]*db.Group, 40)
	for i := range groups {
		groups[i] = w.Group(b, w.North, fmt.Sprintf("Group %d", i))
	}
	bareTime := bare(b, w, groups, rows)
	w.exec("DELETE FROM enrollments")
	w.exec("DELETE FROM student_words")
	w.exec("DELETE FROM students")

	var file strings.Builder
	file.WriteString(header)
	for i := range rows {
		fmt.Fprintf(&file, ",S%06d,First%d,Last%d,user%06d,,7,North School,Group %d\n", i, i%100, i%1000, i, i%40)
	}
	start := time.Now()
	job := w.submitted(w.DistrictAdmin, w.Alpha, students, file.String())
	submitTime := time.Since(start)
	start = time.Now()
	job = w.drained(job.ID)
	verifyTime := time.Since(start)
	start = time.Now()
	job = w.applied(w.DistrictAdmin, job)
	applyTime := time.Since(start)
	if job.Created != rows || job.EnrollmentsAdded != rows {
		b.Fatalf("%d created, %d enrolled", job.Created, job.EnrollmentsAdded)
	}
	start = time.Now()
	same := w.drained(w.submitted(w.DistrictAdmin, w.Alpha, students, file.String()).ID)
	againTime := time.Since(start)
	if same.Unchanged != rows {
		b.Fatalf("%d unchanged", same.Unchanged)
	}
	b.ReportMetric(submitTime.Seconds(), "s-submit")
	b.ReportMetric(verifyTime.Seconds(), "s-check")
	b.ReportMetric(applyTime.Seconds(), "s-write")
	b.ReportMetric(againTime.Seconds(), "s-check-unchanged")
	b.ReportMetric(bareTime.Seconds(), "s-bare")
}

func bare(b *testing.B, w *bench, groups []*db.Group, rows int) time.Duration {
	start := time.Now()
	ctx := viewer.AsSystem(context.Background(), "benchmark")
	for from := 0; from < rows; from += 500 {
		err := w.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
			var people, words, members []any
			for i := from; i < from+500; i++ {
				id, first, last, user := 1_000_000+i, fmt.Sprintf("First%d", i%100), fmt.Sprintf("Last%d", i%1000), fmt.Sprintf("user%06d", i)
				people = append(people, id, fixture.Today, w.Alpha.ID, w.North.ID, fmt.Sprintf("S%06d", i), user, user, first, last, fold.SortName(last, first), 7, 1, 0)
				for _, word := range fold.Words(first + " " + last + " " + user + fmt.Sprintf(" S%06d", i)) {
					words = append(words, fixture.Today, id, w.Alpha.ID, word)
				}
				members = append(members, fixture.Today, id, groups[i%40].ID)
			}
			for _, s := range []struct {
				query string
				args  []any
				width int
			}{
				{"INSERT INTO students (id, created_at, district_id, organization_id, external_id, username, username_key, first_name, last_name, sort_name, grade, group_count, ungrouped) VALUES ", people, 13},
				{"INSERT INTO student_words (created_at, student_id, district_id, word) VALUES ", words, 4},
				{"INSERT INTO enrollments (created_at, student_id, group_id) VALUES ", members, 3},
			} {
				place := "(" + strings.TrimSuffix(strings.Repeat("?, ", s.width), ", ") + ")"
				n := len(s.args) / s.width
				if _, err := client.ExecContext(ctx, s.query+strings.TrimSuffix(strings.Repeat(place+", ", n), ", "), s.args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
