package job_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestFilesOfAllMakes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
		base := "STUDENT_ID,first name,Last-Name,user name,grade level,school_id,Birthdate,Shoe " +
			"Size\nJ1,José,Peña,jose.p,7,N,x,y\n"
		must := func(s string, err error) string {
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		for _, c := range []struct{ name, file, encoding, delimiter, ending string }{
			{"UTF-8", base, "UTF-8", "comma", "LF"},
			{"UTF-8 with BOM and CRLF", "\ufeff" + strings.ReplaceAll(base, "\n", "\r\n"), "UTF-8 with BOM", "comma", "CRLF"},
			{"Windows-1252 with semicolons", must(charmap.Windows1252.NewEncoder().String(strings.ReplaceAll(base, ",", ";"))), "Windows-1252", "semicolon", "LF"},
			{"UTF-16 with tabs and CR", must(utf16.String(strings.ReplaceAll(strings.ReplaceAll(base, ",", "\t"), "\n", "\r"))), "UTF-16LE", "tab", "CR"},
		} {
			job := b.verified(b.DistrictAdmin, b.Alpha, students, c.file)
			b.want(job, ready, 1, 0, 0, 0)
			if job.Encoding != c.encoding || job.Delimiter != c.delimiter || job.LineEnding != c.ending {
				t.Errorf("%s: %s %s %s", c.name, job.Encoding, job.Delimiter, job.LineEnding)
			}
			if !slices.Equal(job.IgnoredHeaders, []string{"Birthdate", "Shoe Size"}) || job.Headers[0] != "STUDENT_ID" {
				t.Errorf("%s: headers %q, ignored %q", c.name, job.Headers, job.IgnoredHeaders)
			}
			if got := b.changes(b.DistrictAdmin, job)[1]; got != "1 José Peña (J1) First Name: - → José" {
				t.Errorf("%s: %s", c.name, got)
			}
		}
	})
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		for _, c := range []struct {
			name, file, code string
			kind             bulkjob.Kind
			rows             int
		}{
			{"an empty file", "", "EMPTY_FILE", students, 0},
			{"a header alone", header, "NO_ROWS", students, 0},
			{"a workbook", "PK\x03\x04\x00\x00\x00", "NOT_TEXT", students, 0},
			{"no id at all", "First Name,Last Name,Grade\nA,B,7\nC,D,8\n", "MISSING_COLUMN", students, 2},
			{"one column twice", "Student ID,SIS ID,Grade\n1,1,7\n", "DUPLICATE_COLUMN", students, 1},
			{"a list of teachers as students", sdsFile(t, "Teacher.csv"), "WRONG_KIND", students, 12},
			{"a list of schools as students", sdsFile(t, "School.csv"), "WRONG_KIND", students, 2},
			{"a list of enrollments as students", sdsFile(t, "StudentEnrollment.csv"), "WRONG_KIND", students, 602},
			{"a list of students as groups", sdsFile(t, "Student.csv"), "WRONG_KIND", groups, 86},
			{"a list of sections as enrollments", sdsFile(t, "Section.csv"), "WRONG_KIND", enrollments, 28},
			{"an open quotation mark", header + ",1,\"A,B\n", "UNTERMINATED_QUOTE", students, 0},
		} {
			job := b.verified(b.DistrictAdmin, b.Alpha, c.kind, c.file)
			b.wantProblems(job, "row 0  "+c.code+` ""`)
			b.want(job, failed, 0, 0, 0, c.rows)
			if job.FinishedAt == nil {
				t.Errorf("%s has not finished", c.name)
			}
			if _, err := b.Start(b.As(t, b.DistrictAdmin), job.ID); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s starts: %v", c.name, err)
			}
		}
		job := b.verified(b.DistrictAdmin, b.Alpha, students, sdsFile(t, "Teacher.csv"))
		if got := b.hint(job, "WRONG_KIND"); !strings.Contains(got, "looks like a list of educators") {
			t.Error(got)
		}
	})
}

func TestFormulasAreUnguardedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Group(t, b.North, "=Sum")
		b.Student(t, b.North, "-Ana", "'t Hooft", 0)
		var file strings.Builder
		w := csvfile.NewWriter(&file)
		for _, row := range [][]string{strings.Split(strings.TrimSpace(header), ","),
			{"", "00001", "-Ana", "'t Hooft", "", "", "7", "North School", "=Sum"},
			{"", "+1", "''=x", "@b", "@user", "", "7", "N", ""}} {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		job := b.verified(b.DistrictAdmin, b.Alpha, students, file.String())
		b.want(job, ready, 1, 1, 0, 0)
		if got := b.changes(b.DistrictAdmin, job); got[0] != "1 -Ana 't Hooft (00001) Classes/Groups: - → =Sum" ||
			got[1] != "2 ''=x @b (+1) Student ID: - → +1" {
			t.Error(strings.Join(got, "\n"))
		}
	})
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		submit := func(ctx context.Context, key string, file io.Reader) (int, error) {
			job, err := b.Submit(ctx,
				jobs.Submission{OrganizationID: b.North.ID, Kind: students, File: file, IdempotencyKey: key})
			if err != nil {
				return 0, err
			}
			return job.ID, nil
		}
		file := header + ",1,A,B,user1,,7,,\n"
		first, err := submit(b.As(t, b.NorthAdmin), "k", strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := submit(b.As(t, b.NorthAdmin), "k", strings.NewReader(file)); again != first || err != nil {
			t.Errorf("job %d, then %d, %v", first, again, err)
		}
		other := jobs.Submission{
			OrganizationID: b.North.ID,
			Kind:           students,
			File:           strings.NewReader(file + "\n"),
			IdempotencyKey: "k",
		}
		for what, change := range map[string]func(*jobs.Submission){
			"file":         func(*jobs.Submission) {},
			"kind":         func(in *jobs.Submission) { in.Kind = groups },
			"groups mode":  func(in *jobs.Submission) { in.GroupsMode = bulkjob.GroupsModeREMOVE },
			"commit mode":  func(in *jobs.Submission) { in.CommitMode = bulkjob.CommitModeALL_OR_NOTHING },
			"organization": func(in *jobs.Submission) { in.OrganizationID = b.Alpha.ID },
		} {
			in, who := other, b.As(t, b.NorthAdmin)
			if what != "file" {
				in.File = strings.NewReader(file)
			}
			if change(&in); in.OrganizationID == b.Alpha.ID {
				who = b.As(t, b.DistrictAdmin)
				if _, err := submit(who, "k", strings.NewReader(file)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := b.Submit(who, in)
			b.refused(err, fault.Conflict, jobs.KeyReused, "another upload has already used")
		}
		if other, err := submit(b.As(t, b.DistrictAdmin), "k", strings.NewReader(file)); other == first || err != nil {
			t.Errorf("somebody else's key gave job %d, %v", other, err)
		}

		t.Run("half a file is none, however its end is told", func(t *testing.T) {
			b := b.on(t)
			half := io.MultiReader(strings.NewReader(file[:len(file)-4]), iotest.ErrReader(io.ErrUnexpectedEOF))
			_, err := submit(b.As(t, b.NorthAdmin), "half", half)
			b.refused(err, fault.Invalid, "UPLOAD_INCOMPLETE", "arrived incompletely")
		})
		t.Run("a key with a blank behind it is the same key", func(t *testing.T) {
			if again, err := submit(b.As(t, b.NorthAdmin), "k ", strings.NewReader(file)); again != first || err != nil {
				t.Errorf("job %d, then %d, %v", first, again, err)
			}
		})
		t.Run("a key that was used at a school which was left stands for that upload", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Kay Key", viewer.SchoolAdmin, b.North)
			if _, err := b.Submit(b.As(t, who),
				jobs.Submission{
					OrganizationID: b.North.ID,
					Kind:           students,
					File:           strings.NewReader(file),
					IdempotencyKey: "left",
				}); err != nil {
				t.Fatal(err)
			}
			b.exec("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", b.South.ID, who.ID)
			_, err := b.Submit(b.As(t, who),
				jobs.Submission{OrganizationID: b.South.ID, Kind: students, File: strings.NewReader(file), IdempotencyKey: "left"})
			b.refused(err, fault.Conflict, jobs.KeyReused, "another upload has already used")
			b.exec("DELETE FROM bulk_job_chunks WHERE job_id = (SELECT MAX(id) FROM bulk_jobs)")
			b.exec("DELETE FROM bulk_jobs WHERE idempotency_key = 'left'")
		})

		var all sync.WaitGroup
		ids := make([]int, 8)
		for i := range ids {
			all.Go(func() {
				id, err := submit(b.As(t, b.NorthAdmin), "at once", strings.NewReader(file))
				if err != nil {
					t.Error(err)
				}
				ids[i] = id
			})
		}
		all.Wait()
		if slices.Sort(ids); ids[0] != ids[7] || ids[0] == 0 {
			t.Errorf("at once: %v", ids)
		}
		_, err = submit(b.As(t, b.NorthAdmin), "at once", strings.NewReader(file+"\n"))
		b.refused(err, fault.Conflict, jobs.KeyReused, "another upload has already used")
		if jobs, chunks := b.number("SELECT COUNT(*) FROM bulk_jobs"),
			b.number("SELECT COUNT(*) FROM bulk_job_chunks"); jobs != 3 || chunks != 3 {
			t.Errorf("%d jobs with %d pieces", jobs, chunks)
		}
		if _, err := submit(b.As(t, b.NorthAdmin), strings.Repeat("k", 129),
			strings.NewReader(file)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a long key: %v", err)
		}
	})
}

// slowFile gives its content, waits, and ends with an error or the end.
type slowFile struct {
	content io.Reader
	started chan struct{}
	wait    chan struct{}
	err     error
	once    sync.Once
}

func (f *slowFile) Read(p []byte) (int, error) {
	n, err := f.content.Read(p)
	if err == nil {
		return n, nil
	}
	f.once.Do(func() { close(f.started) })
	<-f.wait
	return 0, f.err
}

func TestUploads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		time := &clock{now: fixture.Today}
		b := benchOn(t, fixture.New(t, d), func(o *jobs.Options) {
			o.Now = time.Now
			o.Limits.Bytes = 1 << 20
		})
		ctx := b.As(t, b.NorthAdmin)
		in := jobs.Submission{OrganizationID: b.North.ID, Kind: students}
		big := header + strings.Repeat(",12345,Some,Body,somebody,,7,,\n", 20000) // More than two pieces.

		t.Run("an upload that ends early leaves nothing", func(t *testing.T) {
			in.File = io.MultiReader(strings.NewReader(big),
				&slowFile{content: strings.NewReader(""), started: make(chan struct{}), wait: closed(), err: errors.New("reset")})
			if _, err := b.Submit(ctx, in); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%v", err)
			}
			if n := b.number("SELECT COUNT(*) FROM bulk_jobs") + b.number("SELECT COUNT(*) FROM bulk_job_chunks"); n != 0 {
				t.Errorf("%d rows are left", n)
			}
		})
		t.Run("a file over the limit is refused and leaves nothing", func(t *testing.T) {
			in.File = strings.NewReader(big + big)
			if _, err := b.Submit(ctx, in); fault.KindOf(err) != fault.TooLarge {
				t.Errorf("%v", err)
			}
			if n := b.number("SELECT COUNT(*) FROM bulk_jobs"); n != 0 {
				t.Errorf("%d jobs are left", n)
			}
		})
		t.Run("an upload that is under way is not worked on, not seen, and removed when it stops arriving",
			func(t *testing.T) {
				f := &slowFile{
					content: strings.NewReader(big),
					started: make(chan struct{}),
					wait:    make(chan struct{}),
					err:     io.EOF,
				}
				in := in
				in.File, in.IdempotencyKey = f, "slow"
				done := make(chan error)
				go func() { _, err := b.Submit(ctx, in); done <- err }()
				<-f.started
				if err := b.Drain(context.Background()); err != nil {
					t.Fatal(err)
				}
				if n := b.number("SELECT COUNT(*) FROM bulk_jobs WHERE status = 'VERIFYING' AND fence = 0"); n != 1 {
					t.Errorf("%d jobs are arriving", n)
				}
				list, _ := b.Jobs(ctx, 0, reader.JobFilter{})
				if n, err := list.Count(ctx); n != 0 || err != nil {
					t.Errorf("%d jobs are seen, %v", n, err)
				}
				if err := b.Sweep(context.Background()); err != nil || b.number("SELECT COUNT(*) FROM bulk_jobs") != 1 {
					t.Errorf("swept too early, %v", err)
				}
				// The same key is free for another attempt.
				in.File = strings.NewReader(header + ",1,A,B,user1,,7,,\n")
				job, err := b.Submit(ctx, in)
				if err != nil {
					t.Fatal(err)
				}
				time.Add(16 * 60e9)
				if err := b.Sweep(context.Background()); err != nil {
					t.Fatal(err)
				}
				if n := b.number("SELECT COUNT(*) FROM bulk_jobs"); n != 1 {
					t.Errorf("%d jobs after the sweep", n)
				}
				close(f.wait)
				if err := <-done; err == nil {
					t.Error("an upload that was removed ended well")
				}
				if n := b.number("SELECT COUNT(*) FROM bulk_job_chunks"); n != 1 {
					t.Errorf("%d pieces", n)
				}
				if err := b.Drain(context.Background()); err != nil {
					t.Fatal(err)
				}
				b.want(b.job(job.ID), ready, 1, 0, 0, 0)
			})
		t.Run("a file of several pieces is read whole", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			in.File, in.IdempotencyKey = strings.NewReader(big), ""
			job, err := b.Submit(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			const pieces = "SELECT COUNT(*) FROM bulk_job_chunks WHERE job_id = ?"
			if n := b.number(pieces, job.ID); n != 3 {
				t.Errorf("%d pieces", n)
			}
			b.want(b.drained(job.ID), ready, 1, 0, 499, 19500) // The first batch is united.
			if _, err := b.Cancel(ctx, job.ID); err != nil || b.number(pieces, job.ID) != 0 {
				t.Errorf("%d pieces are left; %v", b.number(pieces, job.ID), err)
			}
		})
		t.Run("a stored file whose end is missing, or that was changed, is not read", func(t *testing.T) {
			for _, damage := range []string{
				"DELETE FROM bulk_job_chunks WHERE seq = 2 AND job_id = ?",
				"UPDATE bulk_job_chunks SET seq = 7 - seq WHERE job_id = ?",
			} {
				in.File = strings.NewReader(big)
				job, err := b.Submit(ctx, in)
				if err != nil {
					t.Fatal(err)
				}
				b.exec(damage, job.ID)
				for range 5 {
					if err := b.Drain(context.Background()); err != nil {
						t.Fatal(err)
					}
					time.Add(60e9)
				}
				b := &bench{World: b.World, Service: b.Service, t: t}
				b.wantProblems(b.job(job.ID), `row 0  INTERNAL ""`)
				if n := b.number("SELECT COUNT(*) FROM bulk_job_chunks WHERE job_id = ?", job.ID); n != 0 {
					t.Errorf("%d pieces are left", n)
				}
			}
		})
	})
}

func closed() chan struct{} { c := make(chan struct{}); close(c); return c }
