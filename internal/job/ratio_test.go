package job_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/passwd"
)

var ratioRows = flag.Int("ratio-rows", 100_000, "how many new students the file of BenchmarkRatio has")

// BenchmarkRatio compares an import of new students, each in a group, with a bare
// program that does nothing but send the same rows of students, words and
// enrollments with statements of 1,000 rows. What counts is the quotient of two
// times of one run: seconds differ from machine to machine.
func BenchmarkRatio(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			var verify, apply, again, bare []time.Duration
			for b.Loop() {
				bare = append(bare, bareImport(b, kind))
				v, a, z := wholeImport(b, kind)
				verify, apply, again = append(verify, v), append(apply, a), append(again, z)
				bare = append(bare, bareImport(b, kind))
			}
			report(b, "s-bare", bare)
			report(b, "s-verify", verify)
			report(b, "s-apply", apply)
			report(b, "s-verify-again", again)
			b.ReportMetric((slices.Min(verify)+slices.Min(apply)).Seconds()/slices.Min(bare).Seconds(), "(verify+apply)/bare")
			b.ReportMetric(slices.Min(apply).Seconds()/slices.Min(bare).Seconds(), "apply/bare")
			b.ReportMetric(slices.Min(verify).Seconds()/slices.Min(again).Seconds(), "verify/again")
			b.ReportMetric(0, "ns/op") // It would be the sum of everything.
		})
	}
}

// report reports the shortest of some times, which others on the machine have
// disturbed least.
func report(b *testing.B, unit string, times []time.Duration) {
	b.ReportMetric(slices.Min(times).Seconds(), unit)
}

func ratioFile(w *fixture.World, rows int) string {
	var file strings.Builder
	file.WriteString(header)
	for i := range rows {
		fmt.Fprintf(&file, ",S%06d,First%d,Last%d,user%06d,,7,North School,Group %d\n", i, i%100, i%1000, i, i%ratioGroups)
	}
	return file.String()
}

const ratioGroups = 2000

func wholeImport(b *testing.B, kind database.Kind) (verify, apply, again time.Duration) {
	b.Helper()
	w := newBench(b, dbtest.Open(b, kind))
	for i := range ratioGroups {
		w.Group(b, w.North, fmt.Sprintf("Group %d", i))
	}
	file := ratioFile(w.World, *ratioRows)
	job := w.submitted(w.DistrictAdmin, w.Alpha, students, file)
	verify = timed(func() { job = w.drained(job.ID) })
	apply = timed(func() { job = w.applied(w.DistrictAdmin, job) })
	if job.Created != *ratioRows || job.EnrollmentsAdded != *ratioRows {
		b.Fatalf("%d created, %d enrolled", job.Created, job.EnrollmentsAdded)
	}
	same := w.submitted(w.DistrictAdmin, w.Alpha, students, file)
	again = timed(func() { same = w.drained(same.ID) })
	if same.Unchanged != *ratioRows {
		b.Fatalf("%d unchanged", same.Unchanged)
	}
	return verify, apply, again
}

func timed(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

// bareImport sends the rows through database/sql, in transactions of 1,000
// students. It knows the keys of the students beforehand.
func bareImport(b *testing.B, kind database.Kind) time.Duration {
	b.Helper()
	const atOnce = 1000
	url := dbtest.URL(b, kind)
	d, err := database.Open(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Migrate(context.Background()); err != nil {
		b.Fatal(err)
	}
	w := fixture.New(b, d)
	groups := make([]int, ratioGroups)
	for i := range groups {
		groups[i] = w.Group(b, w.North, fmt.Sprintf("Group %d", i)).ID
	}
	conn, err := database.OpenSQL(url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	return timed(func() {
		for from := 0; from < *ratioRows; from += atOnce {
			var people, words, members []any
			for i := from; i < from+atOnce; i++ {
				id, first, last, user := 1_000_000+i, fmt.Sprintf("First%d", i%100), fmt.Sprintf("Last%d", i%1000),
					fmt.Sprintf("user%06d", i)
				external := fmt.Sprintf("S%06d", i)
				people = append(people, id, fixture.Today, w.Alpha.ID, w.North.ID, external, user, user, first, last,
					fold.SortName(last, first), 7, 0, 1, 0, 0, 0, 1)
				for _, word := range []string{strings.ToLower(first), strings.ToLower(last), user, strings.ToLower(external)} {
					words = append(words, fixture.Today, id, w.Alpha.ID, word)
				}
				members = append(members, fixture.Today, id, groups[i%ratioGroups])
			}
			if err := sendBare(conn, kind, people, words, members); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func sendBare(conn *sql.DB, kind database.Kind, people, words, members []any) error {
	tx, err := conn.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, s := range []struct {
		table, columns, key, set string
		args                     []any
	}{
		{"students",
			"id, created_at, district_id, organization_id, external_id, username, username_key, first_name, last_name, " +
				"sort_name, grade, synced, group_count, ungrouped, seconds_this_year, active, version", "district_id, external_id",
			"first_name", people},
		{"student_words", "created_at, student_id, district_id, word", "district_id, word, student_id", "created_at", words},
		{"enrollments", "created_at, student_id, group_id", "student_id, group_id", "created_at", members},
	} {
		width := strings.Count(s.columns, ",") + 1
		place := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + ")"
		query := "INSERT INTO " + s.table + " (" + s.columns + ") VALUES " +
			strings.TrimSuffix(strings.Repeat(place+", ", len(s.args)/width), ", ")
		if kind == database.MySQL {
			query += " ON DUPLICATE KEY UPDATE " + s.set + " = VALUES(" + s.set + ")"
		} else {
			query += " ON CONFLICT (" + s.key + ") DO UPDATE SET " + s.set + " = excluded." + s.set
		}
		if _, err := tx.Exec(query, s.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// BenchmarkPasswords compares a file of 200 new students with passwords with
// hashing 200 passwords on all cores.
func BenchmarkPasswords(b *testing.B) {
	const rows = 200
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			hasher := passwd.NewHasher(passwd.DefaultCost)
			w := benchOn(b, fixture.New(b, dbtest.Open(b, kind)), func(o *jobs.Options) { o.Hash = hasher.Hash })
			var alone, whole []time.Duration
			for i := 0; b.Loop(); i++ {
				var file strings.Builder
				file.WriteString(header)
				for r := range rows {
					fmt.Fprintf(&file, ",P%d-%d,First,Last,user%d-%d,a long password %d,7,North School,Algebra\n", i, r, i, r, r)
				}
				alone = append(alone, hashAlone(b, hasher, rows))
				job := w.submitted(w.DistrictAdmin, w.Alpha, students, file.String())
				whole = append(whole, timed(func() { job = w.applied(w.DistrictAdmin, w.drained(job.ID)) }))
				if job.Created != rows {
					b.Fatalf("%d created", job.Created)
				}
				alone = append(alone, hashAlone(b, hasher, rows))
			}
			report(b, "s-hashes", alone)
			report(b, "s-import", whole)
			b.ReportMetric(slices.Min(whole).Seconds()/slices.Min(alone).Seconds(), "import/hashes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func hashAlone(b *testing.B, hasher *passwd.Hasher, n int) time.Duration {
	work := make(chan int)
	var all sync.WaitGroup
	return timed(func() {
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() {
				for i := range work {
					if _, err := hasher.Hash(context.Background(), fmt.Sprintf("a long password %d", i)); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for i := range n {
			work <- i
		}
		close(work)
		all.Wait()
	})
}
