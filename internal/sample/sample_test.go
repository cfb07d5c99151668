package sample_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/sample"
)

func fill(t testing.TB, d *database.DB, o sample.Options) sample.Summary {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = fixture.Today
	}
	summary, err := sample.Fill(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// number returns the one number that a statement gives.
func number(t testing.TB, d *database.DB, query string, args ...any) int {
	t.Helper()
	var n int
	each(t, d, query, func(scan func(...any) error) error { return scan(&n) }, args...)
	return n
}

func each(t testing.TB, d *database.DB, query string, row func(scan func(...any) error) error, args ...any) {
	t.Helper()
	rows, err := d.Client(context.Background()).QueryContext(fixture.System(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// contents are statements that give every row without its keys, in an order that
// does not depend on them.
var contents = []string{
	"SELECT type, name, name_key, external_id, usage_counted_from FROM organizations ORDER BY external_id",
	"SELECT external_id, first_name, last_name, sort_name, email, email_key, username, COALESCE(password_hash, '-'), " +
		"disabled FROM educators ORDER BY external_id",
	"SELECT e.external_id, o.external_id, a.role FROM role_assignments a JOIN educators e ON e.id = a.educator_id " +
		"JOIN organizations o ON o.id = a.organization_id ORDER BY 1, 2, 3",
	"SELECT g.external_id, o.external_id, g.name, g.name_key, g.synced, g.student_count, g.version FROM `groups` g " +
		"JOIN organizations o ON o.id = g.organization_id ORDER BY 1",
	"SELECT g.external_id, e.external_id FROM group_educators t JOIN `groups` g ON g.id = t.group_id " +
		"JOIN educators e ON e.id = t.educator_id ORDER BY 1, 2",
	"SELECT s.external_id, o.external_id, username, username_key, first_name, last_name, sort_name, grade, synced, " +
		"group_count, ungrouped, seconds_this_year, active, version, COALESCE(password_hash, '-') FROM students s " +
		"JOIN organizations o ON o.id = s.organization_id ORDER BY 1",
	"SELECT s.external_id, w.word FROM student_words w JOIN students s ON s.id = w.student_id ORDER BY 1, 2",
	"SELECT s.external_id, g.external_id FROM enrollments e JOIN students s ON s.id = e.student_id " +
		"JOIN `groups` g ON g.id = e.group_id ORDER BY 1, 2",
	"SELECT s.external_id, p.code, u.day, u.seconds FROM usage_days u JOIN students s ON s.id = u.student_id " +
		"JOIN products p ON p.id = u.product_id ORDER BY 1, 2, 3",
}

// hash is the digest of all contents.
func hash(t testing.TB, d *database.DB) string {
	t.Helper()
	sum := sha256.New()
	for _, query := range contents {
		fmt.Fprintln(sum, query)
		columns := strings.Count(strings.SplitN(query, " FROM ", 2)[0], ", ") + 1 - strings.Count(query, "COALESCE(")
		values, places := make([]string, columns), make([]any, columns)
		for i := range values {
			places[i] = &values[i]
		}
		each(t, d, query, func(scan func(...any) error) error {
			err := scan(places...)
			fmt.Fprintf(sum, "%q\n", values)
			return err
		})
	}
	// Points in time are compared as such: the databases write them differently.
	each(t, d, "SELECT last_active_at FROM students ORDER BY external_id", func(scan func(...any) error) error {
		var at *time.Time
		err := scan(&at)
		if at != nil {
			_, _ = io.WriteString(sum, at.UTC().Format(time.RFC3339Nano))
		}
		fmt.Fprintln(sum)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))
}

func TestSameOptionsSameRows(t *testing.T) {
	t.Parallel()
	o := sample.Options{Seed: 7, Students: 900, Schools: 3, PasswordHash: "$argon2id$x"}
	written := func(kind database.Kind, o sample.Options) string {
		d := dbtest.Open(t, kind)
		fill(t, d, o)
		return hash(t, d)
	}
	want := written(database.SQLite, o)
	if got := written(database.SQLite, o); got != want {
		t.Error("a second run gives other rows")
	}
	if got := written(database.MySQL, o); got != want {
		t.Error("MySQL has other rows than SQLite")
	}
	o.Seed++
	if written(database.SQLite, o) == want {
		t.Error("another seed gives the same rows")
	}
}

func TestOccupiedDatabase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		o := sample.Options{Students: 50, Now: fixture.Today}
		first := fill(t, d, o)
		_, err := sample.Fill(context.Background(), d, o)
		if fault.KindOf(err) != fault.Conflict {
			t.Fatalf("a second district: %v; want a conflict", err)
		}
		o.Add = true
		second := fill(t, d, o)
		if first.DistrictID == second.DistrictID || first.SignIns[0].Email == second.SignIns[0].Email {
			t.Errorf("the districts are not apart: %+v and %+v", first, second)
		}
		third := fill(t, d, o)
		if n := number(t, d, "SELECT COUNT(*) FROM students"); n != 150 || third.Students != 50 {
			t.Errorf("%d students after three districts of 50", n)
		}
		untrue(t, d)
	})
}

func TestOptions(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	for reason, o := range map[string]sample.Options{
		"what the time is":    {},
		"students":            {Now: fixture.Today, Students: -1},
		"schools do not fit":  {Now: fixture.Today, Students: 2, Schools: 3},
		"groups are too few":  {Now: fixture.Today, Schools: 2, Groups: 5},
		"educators are too":   {Now: fixture.Today, Schools: 2, Educators: 5},
		"is more than all":    {Now: fixture.Today, UnassignedShare: 1.5},
		"weeks are not betwe": {Now: fixture.Today, Weeks: 100},
	} {
		_, err := sample.Fill(context.Background(), d, o)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("%+v: %v; want a reason with %q", o, err, reason)
		}
	}
	if n := number(t, d, "SELECT COUNT(*) FROM organizations"); n != 0 {
		t.Errorf("%d organizations were made", n)
	}
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o := sample.Options{Students: 25_000, Now: fixture.Today, Progress: func(done, total int) { cancel() }}
	if _, err := sample.Fill(ctx, d, o); err == nil {
		t.Fatal("a canceled run reports success")
	}
	if n := number(t, d, "SELECT COUNT(*) FROM students"); n == 0 || n == 25_000 {
		t.Errorf("%d students are stored; want some of them", n)
	}
	untrue(t, d)
}
