package job_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/passwd"
)

// dump is everything that a database holds, and for SQLite the file with its log,
// in which deleted content stays for a while.
func (b *bench) dump(folder string) []byte {
	b.t.Helper()
	var all bytes.Buffer
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	if b.DB.Kind() == database.SQLite {
		query = "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	for _, table := range b.texts(query) {
		for _, cell := range b.texts("SELECT * FROM `" + table + "`") {
			all.WriteString(cell)
			all.WriteByte('\n')
		}
	}
	if folder == "" {
		return all.Bytes()
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			b.t.Fatal(err)
		}
		all.Write(content)
	}
	return all.Bytes()
}

// texts returns all cells of a result as text.
func (b *bench) texts(query string) []string {
	b.t.Helper()
	rows, err := b.DB.Query(context.Background(), query)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new([]byte)
		}
		if err := rows.Scan(cells...); err != nil {
			b.t.Fatal(err)
		}
		for _, c := range cells {
			all = append(all, string(*c.(*[]byte)))
		}
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestPasswordsAreNeverAtRest(t *testing.T) {
	t.Parallel()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, kind)
			d, err := database.Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			folder := ""
			if kind == database.SQLite {
				folder = filepath.Dir(strings.TrimPrefix(url, "sqlite:"))
			} else if _, err := d.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			b := benchOn(t, fixture.New(t, d), nil)
			b.Student(t, b.North, "Ada", "Lovelace", 0)
			const secret = "Zx9-SECRET"
			absent := func(when string) {
				t.Helper()
				if content := b.dump(folder); bytes.Contains(content, []byte(secret)) ||
					!bytes.Contains(content, []byte("Lovelace")) {
					at := bytes.Index(content, []byte(secret))
					t.Errorf("after %s: %q", when, content[max(0, at-200):max(0, min(len(content), at+50))])
				}
			}
			file := header +
				",00001,,,," + secret + "1,,,\n" + // A new one for an old student.
				",n1,New,One,newone," + secret + "2,7,N,\n" +
				",n2,New,Two,newtwo," + secret + "3,99,N,\n" + // Refused.
				",n3,New,Three,newthree," + strings.Repeat(secret, 30) + ",7,N,\n" + // Too long.
				",n4,New,Four,newfour," + secret + "5,7,N,,too,many\n" +
				",n5,New,Five,newfive," + secret + "6,7,N,\n"
			job := b.submitted(b.DistrictAdmin, b.Alpha, students, file)
			if n := b.number("SELECT COUNT(*) FROM bulk_job_chunks"); n != 1 {
				t.Fatalf("%d pieces", n)
			}
			absent("the upload")
			job = b.drained(job.ID)
			b.want(job, ready, 2, 1, 0, 3)
			absent("the check")
			b.exec("UPDATE bulk_job_rows SET target_version = 0 WHERE `row` = 1") // As if stale.
			b.Student(t, b.South, "Na", "Me", 0).Update().SetExternalID("n5").ExecX(fixture.System())
			job = b.applied(b.DistrictAdmin, job)
			b.want(job, withErrors, 1, 0, 0, 5)
			absent("the last row")
			b.consistent()
			hasher := passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1})
			if ok, err := hasher.Verify(context.Background(), secret+"2", b.student("n1").PasswordHash); !ok || err != nil {
				t.Errorf("the new password does not work: %v", err)
			}
			for _, plan := range b.texts("SELECT plan FROM bulk_job_rows") {
				if strings.Contains(plan, `"password":`) {
					t.Errorf("a password is left: %s", plan)
				}
			}
			// The first row of a file without column names may hold one.
			b.verified(b.DistrictAdmin, b.Alpha, students,
				"n7,New,One,newseven,"+secret+"8,7,N\nn8,New,One,neweight,"+secret+"9,7,N\n")
			absent("a file without column names")
			// A failed job keeps none either.
			job = b.verified(b.DistrictAdmin, b.Alpha, students, header+",n6,New,One,newsix,"+secret+"7,7,N,\n", allOrNothing)
			b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", b.DistrictAdmin.ID)
			b.applied(b.DistrictAdmin, job)
			if n := b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ?", job.ID); n != 0 {
				t.Errorf("%d plans of a failed job are left", n)
			}
			absent("a failure")
		})
	}
}

// Somebody who forgets a cell, or writes one comma too many, puts the password into
// another column, where it is refused and quoted.
func TestPasswordsInTheWrongCellAreNeverAtRest(t *testing.T) {
	t.Parallel()
	const file = "Student ID,First Name,Last Name,Username,Password,Grade,School,Classes\n" +
		"1,Ada,,Lovelace,ada1,hunter1secret,North School\n" +
		"2,Bob,Adams,bob,,7,hunter2secret\n" +
		"3,Cyd,Curie,cyd,,7,North School,hunter3secret;Algebra\n" +
		"4,Dee,Darwin,dee,hunter4secret,7,North School,Algebra,too much\n" +
		"5,Eve,Euler,eve,,7,North School,Algebra\n"
	secrets := []string{"hunter1secret", "hunter2secret", "hunter3secret", "hunter4secret"}
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			folder, url := "", dbtest.URL(t, kind)
			if kind == database.SQLite {
				folder = filepath.Dir(strings.TrimPrefix(url, "sqlite:"))
			}
			d, err := database.Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if _, err := d.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			b := newBench(t, d)
			clean := func(when string) {
				t.Helper()
				dump := b.dump(folder)
				for _, s := range secrets {
					if bytes.Contains(dump, []byte(s)) {
						t.Errorf("%s the database holds %s", when, s)
					}
				}
			}
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file)
			b.want(job, ready, 1, 0, 0, 4)
			clean("after the check")
			b.wantProblems(job, `row 1 Grade UNKNOWN_GRADE "hunter1secret"`,
				`row 2 School UNKNOWN_SCHOOL "hunter2secret"`, `row 3 Classes UNKNOWN_GROUP "hunter3secret"`,
				`row 4  EXTRA_CELLS ""`)
			job = b.applied(b.DistrictAdmin, job)
			b.want(job, withErrors, 1, 0, 0, 4)
			clean("at the end")
			if hint := b.hint(job, "UNKNOWN_GROUP"); !strings.Contains(hint, "hunter3secret") {
				t.Errorf("the person is told %q", hint)
			}
			var failed bytes.Buffer
			if n, err := b.FailedRows(b.As(t, b.DistrictAdmin), &failed, job.ID); n != 4 || err != nil ||
				!strings.Contains(failed.String(), `no class or group ""hunter3secret""`) {
				t.Errorf("%d failed rows, %v:\n%s", n, err, &failed)
			}
			// A server with another key says so, and shows the rest.
			other := benchOn(t, b.World, func(o *jobs.Options) { o.Key = bytes.Repeat([]byte{7}, 32) })
			if got := other.problems(job); !strings.Contains(got, `row 2 School UNKNOWN_SCHOOL ""`) {
				t.Error(got)
			}
		})
	}
}
