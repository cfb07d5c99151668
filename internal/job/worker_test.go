package job_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// manyStudents is a file of n new students, with some rows that are refused,
// blank or lists of groups.
func manyStudents(n int) string {
	var file strings.Builder
	file.WriteString(header)
	for i := range n {
		grade, group, password := "7", "Algebra", ""
		switch {
		case i%97 == 5:
			grade = "99"
		case i%50 == 7:
			group = "Algebra;Biology"
		case i%10 == 3:
			group = ""
		case i%400 == 9:
			password = "pass" + fmt.Sprint(i)
		}
		fmt.Fprintf(&file, ",S%05d,First%d,Last%d,user%05d,%s,%s,North School,%s\n", i, i%100, i%1000, i,
			password, grade, group)
		if i%301 == 0 {
			file.WriteString(",,,,,,,,\n")
		}
	}
	return file.String()
}

func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		bad := b.verified(b.NorthAdmin, b.North, students, manyStudents(700), allOrNothing)
		b.want(bad, failed, 0, 0, 692, 8)
		if n := b.number("SELECT COUNT(*) FROM bulk_job_rows"); n != 0 ||
			b.number("SELECT COUNT(*) FROM bulk_job_problems") != 8 {
			t.Errorf("%d plans are left", n)
		}
		good := strings.ReplaceAll(manyStudents(1200), ",99,", ",9,")
		stale := b.verified(b.NorthAdmin, b.North, students, good, allOrNothing)
		b.want(stale, ready, 1200, 0, 0, 0)
		b.Student(t, b.South, "In", "Between", 0).Update().SetExternalID("S01100").ExecX(fixture.System())
		stale = b.applied(b.NorthAdmin, stale)
		b.want(stale, failed, 0, 0, 1199, 1)
		b.wantProblems(stale, `row 1105  EXTERNAL_ID_TAKEN ""`)
		if n := b.number("SELECT COUNT(*) FROM students") + b.number("SELECT COUNT(*) FROM enrollments") +
			b.number("SELECT COUNT(*) FROM bulk_job_rows"); n != 1 {
			t.Errorf("%d rows were written", n-1)
		}
		b.consistent()
		b.exec("DELETE FROM student_words")
		b.exec("DELETE FROM students")
		whole := b.imported(b.NorthAdmin, b.North, students, good, allOrNothing)
		b.want(whole, completed, 1200, 0, 0, 0)
		if n := b.number("SELECT COUNT(*) FROM students WHERE password_hash IS NOT NULL"); n != 3 {
			t.Errorf("%d passwords", n)
		}
		b.consistent()
	})
}

func TestStaleRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		var list []*db.Student
		for _, name := range []string{"Ada", "Bob", "Cyd", "Dee", "Eve", "Fay"} {
			list = append(list, b.Student(t, b.North, name, "X", 0, b.Algebra))
		}
		gone := b.Group(t, b.North, "Gone")
		toSync := b.Group(t, b.North, "To sync")
		job := b.verified(b.NorthAdmin, b.North, students, header+
			",00001,,,,,8,,\n,00002,,,,,8,,\n,00003,,,,,8,,Gone\n,00004,,,,,8,,To "+
			"sync\n,00005,,,newname,,,,\n,00006,,,,,8,,Biology\n,n1,New,One,newone,,7,,\n,n2,New,Two,newtwo,,7,,Biology\n")
		b.want(job, ready, 2, 6, 0, 0)
		system := fixture.System()
		b.Client().Student.UpdateOne(list[0]).SetGrade(9).AddVersion(1).ExecX(system)
		b.Client().Student.UpdateOne(list[1]).SetDeletedAt(fixture.Today).AddVersion(1).ExecX(system)
		b.Client().Group.DeleteOne(gone).ExecX(system)
		b.Client().Group.UpdateOne(toSync).SetSynced(1).ExecX(system)
		b.Student(t, b.South, "Newname", "Y", 0).Update().SetUsername("NewName").SetUsernameKey("newname").ExecX(system)
		b.Student(t, b.South, "New", "Y", 0).Update().SetExternalID("n1").ExecX(system)
		job = b.applied(b.NorthAdmin, job)
		b.want(job, withErrors, 1, 1, 0, 6)
		b.wantProblems(job, `row 1  STALE ""`, `row 2  STALE ""`, `row 3  STALE ""`, `row 4  SYNCED_GROUP ""`,
			`row 5  USERNAME_TAKEN ""`, `row 7  EXTERNAL_ID_TAKEN ""`)
		if job.EnrollmentsAdded != 2 || b.student("00001").Grade != 9 || b.student("00003").Grade != 7 {
			t.Errorf("%d enrollments added", job.EnrollmentsAdded)
		}
		// The refused row is no longer among the changes.
		b.wantChanges(b.NorthAdmin, job,
			"6 Fay X (00006) Grade: 7 → 8", "6 Fay X (00006) Classes/Groups: Algebra → Algebra;Biology",
			"8 New Two (n2) Student ID: - → n2", "8 New Two (n2) First Name: - → New", "8 New Two (n2) Last Name: - → Two",
			"8 New Two (n2) Username: - → newtwo", "8 New Two (n2) Grade: - → 7", "8 New Two (n2) School: - → North School",
			"8 New Two (n2) Classes/Groups: - → Biology")
		b.consistent()
	})
}

func TestOneJobAtATimeIsWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		file := header + ",S1,A,B,user1,,7,North School,\n"
		// Both are checked before either is written, and want the same student.
		first := b.verified(b.NorthAdmin, b.North, students, file)
		second := b.verified(b.DistrictAdmin, b.Alpha, students, file)
		for job, who := range map[*db.BulkJob]*db.Educator{first: b.NorthAdmin, second: b.DistrictAdmin} {
			if _, err := b.Start(b.As(t, who), job.ID); err != nil {
				t.Fatal(err)
			}
		}
		// A server is at work on the first one and has not been heard of for a moment.
		b.exec("UPDATE bulk_jobs SET lease_owner = 'other', lease_until = ?, fence = 5 WHERE id = ?",
			fixture.Today.Add(20*time.Second), first.ID)
		if got := b.drained(second.ID); got.Status != processing || got.Fence != 1 {
			t.Errorf("the second job of the district is %s", got.Status)
		}
		late := &clock{now: fixture.Today.Add(21 * time.Second)}
		server := benchOn(t, b.World, func(o *jobs.Options) { o.Now = late.Now })
		if err := server.RunJob(context.Background(), second.ID); err != nil {
			t.Fatal(err)
		}
		if fence := b.job(first.ID).Fence; fence != 6 {
			t.Errorf("the first job was claimed %d times", fence-5)
		}
		b.want(b.job(first.ID), completed, 1, 0, 0, 0)
		again := b.job(second.ID)
		b.want(again, withErrors, 0, 0, 0, 1)
		if p := progress.ProgressOf(again); p.Percent != 100 || p.ProcessedRows != 1 || p.TotalRows != 1 {
			t.Errorf("%+v", p)
		}
		if p := progress.ProgressOf(&db.BulkJob{Status: processing, TotalRows: 3, ProcessedRows: 3}); p.Percent >= 100 {
			t.Errorf("%+v", p)
		}
	})
}

func TestWorkersShareTheWork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.submitted(b.NorthAdmin, b.North, students, manyStudents(1500))
		far := b.submitted(b.BetaAdmin, b.Beta, students, header+",1,A,B,user1,,7,East School,\n")
		later := b.submitted(b.DistrictAdmin, b.Alpha, students, header+",S00001,,,,,8,,\n")

		ctx, stop := context.WithCancel(context.Background())
		var all sync.WaitGroup
		for range 3 {
			other := benchOn(t, b.World, nil)
			all.Go(func() { _ = other.Run(ctx) })
		}
		await := func(id int, status bulkjob.Status) {
			t.Helper()
			for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				if j := b.job(id); j.Status == status {
					return
				}
			}
			t.Fatalf("job %d is %s", id, b.job(id).Status)
		}
		await(job.ID, ready)
		await(far.ID, ready)
		await(later.ID, ready)
		if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		await(job.ID, withErrors)
		stop()
		all.Wait()
		got := b.job(job.ID)
		b.want(got, withErrors, 1484, 0, 0, 16)
		if got.Fence != 2 {
			t.Errorf("the job was claimed %d times", got.Fence)
		}
		// It was checked when the student did not exist yet.
		b.want(b.job(later.ID), ready, 0, 0, 0, 1)
		b.consistent()
		if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("start again: %v", err)
		}
	})
}

func TestAssigningDuringAnImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		file := strings.ReplaceAll(manyStudents(1000), ",99,", ",9,")
		// Every student changes, which otherwise takes two administrators.
		b.exec("UPDATE organizations SET hold_changed_percent = 100")
		b.imported(b.NorthAdmin, b.North, students, file)
		var ids []int
		for _, st := range b.Client().Student.Query().Order(db.Asc(student.FieldID)).AllX(fixture.System()) {
			ids = append(ids, st.ID)
		}
		job := b.verified(b.NorthAdmin, b.North, students, strings.ReplaceAll(file, ",Algebra", ",Biology"))
		service := roster.New(d, roster.Options{Now: time.Now})
		ctx := b.As(t, b.NorthAdmin)
		var all sync.WaitGroup
		var failures atomic.Int64
		all.Go(func() {
			for range 40 {
				i := rand.IntN(len(ids) - 20)
				if _, err := service.AssignStudents(ctx, ids[i:i+20], []int{b.Biology.ID}); err != nil {
					failures.Add(1)
					t.Error(err)
				}
			}
		})
		job = b.applied(b.NorthAdmin, job)
		all.Wait()
		if job.Status != withErrors && job.Status != completed {
			t.Errorf("%s", job.Status)
		}
		if n := b.number("SELECT COUNT(*) FROM bulk_job_problems WHERE job_id = ? AND code = 'STALE'",
			job.ID); n != job.Errors {
			t.Errorf("%d errors, %d stale", job.Errors, n)
		}
		b.balanced(job)
		b.consistent()
	})
}

func TestNewStudentsRaceWithOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.NorthAdmin, b.North, students, strings.ReplaceAll(manyStudents(1000), ",99,", ",9,"))
		service := roster.New(d,
			roster.Options{Now: time.Now, Hash: func(_ context.Context, p string) (string, error) { return p, nil }})
		ctx := b.As(t, b.SouthAdmin)
		stop := make(chan struct{})
		var all sync.WaitGroup
		made := 0
		all.Go(func() {
			for i := 0; i < 1000; i += 7 {
				select {
				case <-stop:
					return
				default:
				}
				_, err := service.CreateStudent(ctx,
					roster.NewStudent{OrganizationID: b.South.ID, ExternalID: fmt.Sprintf("S%05d", i),
						FirstName: "By", LastName: "Hand", Username: fmt.Sprintf("hand%05d", i), Grade: "7"})
				switch {
				case err == nil:
					made++
				case fault.From(err) == nil:
					t.Errorf("create: %v", err)
				}
			}
		})
		time.Sleep(10 * time.Millisecond)
		job = b.applied(b.NorthAdmin, job)
		close(stop)
		all.Wait()
		b.balanced(job)
		if made != job.Errors && made < job.Errors {
			t.Errorf("%d were made by hand, %d rows refused", made, job.Errors)
		}
		if n := b.number("SELECT COUNT(*) FROM students WHERE organization_id = ?", b.North.ID); n != job.Created {
			t.Errorf("%d created, %d there", job.Created, n)
		}
		b.consistent()
	})
}

func TestAWorkerWithoutItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		hashing, goOn := make(chan struct{}), make(chan struct{})
		b := benchOn(t, w, func(o *jobs.Options) {
			o.Hash = func(context.Context, string) (string, error) {
				close(hashing)
				<-goOn
				return "late", nil
			}
		})
		other := benchOn(t, w, nil)
		job := b.verified(b.NorthAdmin, b.North, students, header+",1,A,B,user1,secret1,7,,\n")
		if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- b.Drain(context.Background()) }()
		<-hashing
		b.exec("UPDATE bulk_jobs SET lease_until = ? WHERE id = ?", fixture.Today.Add(-time.Second), job.ID)
		got := other.drained(job.ID)
		b.want(got, completed, 1, 0, 0, 0)
		close(goOn)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if st := b.student("1"); st.PasswordHash == "late" || st.Version != 1 {
			t.Errorf("the late worker wrote %+v", st)
		}
		if again := b.job(job.ID); again.Fence != 3 || again.Created != 1 {
			t.Errorf("%+v", again)
		}
	})
}

// fingerprint returns everything that an import leaves behind, without the numbers that
// differ from run to run.
func (b *bench) fingerprint(jobID int) string {
	b.t.Helper()
	var out strings.Builder
	for _, st := range b.Client().Student.Query().Order(db.Asc(student.FieldExternalID)).AllX(fixture.System()) {
		fmt.Fprintln(&out, st.ExternalID, st.Username, st.FirstName, st.LastName, st.SortName, st.Grade, st.Version,
			st.GroupCount, st.PasswordHash != "", b.groupsOf(st))
	}
	j := b.job(jobID)
	fmt.Fprintln(&out, j.Status, j.TotalRows, j.VerifiedRows, j.ProcessedRows, j.Created, j.Updated, j.Unchanged, j.Errors,
		j.Warnings, j.EnrollmentsAdded, j.EnrollmentsRemoved)
	fmt.Fprintln(&out, b.problems(j), b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE state = 1"),
		b.number("SELECT COUNT(*) FROM student_words"))
	return out.String()
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		file := manyStudents(1300)
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Lovelace", 0).Update().SetExternalID("S00003").ExecX(fixture.System())
		job := b.imported(b.NorthAdmin, b.North, students, file)
		undisturbed := b.fingerprint(job.ID)
		b.clean()

		for round := range 4 {
			b := newBench(t, d)
			b.Student(t, b.North, "Ada", "Lovelace", 0).Update().SetExternalID("S00003").ExecX(fixture.System())
			job := b.submitted(b.NorthAdmin, b.North, students, file)
			crashes, inPhase, seen := 0, 0, 0
			for {
				// A new server each time, whose context ends after a while; every
				// other one does not even give the job back.
				time := &clock{now: fixture.Today}
				time.Add(31e9 * 2 * clockStep(crashes))
				server := benchOn(t, b.World, func(o *jobs.Options) { o.Now, o.MaxAbandoned = time.Now, 1000 })
				ctx, cancel := context.WithTimeout(context.Background(), after(inPhase))
				err := server.Drain(ctx)
				cancel()
				j := b.job(job.ID)
				if j.VerifiedRows+j.ProcessedRows < seen {
					t.Errorf("the progress went back from %d to %d", seen, j.VerifiedRows+j.ProcessedRows)
				}
				seen = j.VerifiedRows + j.ProcessedRows
				if j.Status == ready {
					if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
						t.Fatal(err)
					}
					inPhase = 0
				}
				if j.Status == withErrors || j.Status == failed {
					break
				}
				inPhase++
				if crashes++; crashes > 200 {
					t.Fatalf("still %s after %d crashes: %v", j.Status, crashes, err)
				}
				if crashes%2 == 0 {
					// As if it had been killed: the lease is still there.
					b.exec("UPDATE bulk_jobs SET lease_owner = 'dead', lease_until = ? WHERE id = ? AND status <> 'READY'",
						time.Now().Add(30e9), job.ID)
				}
			}
			if got := b.fingerprint(job.ID); got != undisturbed {
				t.Errorf("round %d with %d crashes differs:\n%s", round, crashes, diff(undisturbed, got))
			}
			t.Logf("%d crashes", crashes)
			if crashes < 2 {
				t.Errorf("only %d crashes", crashes)
			}
			b.consistent()
			b.clean()
		}
	})
}

func clockStep(n int) time.Duration { return time.Duration(n) }

// after is when a server crashes: soon, and later the more often it happened, so
// that even a slow machine gets through the file some time.
func after(crashes int) time.Duration {
	longest := time.Duration(float64(10*time.Millisecond) * math.Pow(1.2, float64(crashes)))
	return rand.N(longest) + longest/4
}

func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b && len(out) < 20 {
			out = append(out, "- "+a, "+ "+b)
		}
	}
	return strings.Join(out, "\n")
}
