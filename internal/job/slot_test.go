package job_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// stopAt has a server call do when it asks for the n-th time what a submitter may: first
// before a check, and then whenever it writes down what it has checked.
func stopAt(who *db.Educator, n int64, do func()) func(*jobs.Options) {
	var asked atomic.Int64
	return func(o *jobs.Options) {
		load := o.Viewer
		o.Viewer = func(ctx context.Context, id int) (*viewer.Viewer, error) {
			if id == who.ID && asked.Add(1) == n {
				do()
			}
			return load(ctx, id)
		}
	}
}

// TestALargeFileKeepsNobodyWaiting stops the check of a large file in the middle; somebody
// else submits, starts and undoes a small one meanwhile.
func TestALargeFileKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "First", 0).Update().SetExternalID("both0").ExecX(fixture.System())
		middle, goOn := make(chan struct{}), make(chan struct{})
		server := benchOn(t, b.World, stopAt(b.DistrictAdmin, 3, func() { close(middle); <-goOn }))
		large := b.submitted(b.DistrictAdmin, b.Alpha, students, header+",both0,,,,,8,,\n"+strings.TrimPrefix(
			strings.ReplaceAll(studentsFile("large", 9000, ""), ",7,,\n", ",7,North School,\n"), header))
		if large.FileBytes <= 256<<10 {
			t.Fatalf("the file has only %d bytes", large.FileBytes)
		}
		done := make(chan error, 1)
		go func() { done <- server.Drain(context.Background()) }()
		<-middle
		small := b.imported(b.NorthAdmin, b.North, students, header+",both0,,,,,9,,\n")
		b.want(small, completed, 0, 1, 0, 0)
		other := b.imported(b.SouthAdmin, b.South, students, header+",small1,A,B,small1,,7,,\n")
		if _, err := b.Undo(b.As(t, b.SouthAdmin), other.ID); err != nil {
			t.Fatal(err)
		}
		if got := b.drained(other.ID).Status; got != undone {
			t.Errorf("%s", got)
		}
		if got := b.job(large.ID); got.Status != verifying || got.LeaseOwner == "" || got.VerifiedRows == 0 {
			t.Errorf("the large file is %s, %d rows", got.Status, got.VerifiedRows)
		}
		close(goOn)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		large = b.job(large.ID)
		b.want(large, ready, 9000, 1, 0, 0)
		if large.Fence != 1 {
			t.Errorf("the large file was checked %d times", large.Fence)
		}
		// What the preview shows is what the start does.
		large = b.applied(b.DistrictAdmin, large)
		b.want(large, withErrors, 9000, 0, 0, 1)
		b.wantProblems(large, `row 1  STALE ""`)
		b.consistent()
	})
}

func TestTheSlotsOfADistrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		people := make([]*db.Educator, 12)
		for i := range people {
			people[i] = b.Educator(t, b.Alpha, fmt.Sprintf("Person%d Slots", i), viewer.SchoolAdmin, b.North)
		}
		// A job in the table; it is at work if a server holds it.
		type state struct {
			who    int
			set    string
			atWork bool
			waits  int // For the job with this index; -1 for none.
		}
		const long, short, write = "slow = 1", "file_bytes = 1000", "status = 'PROCESSING', file_bytes = 1000"
		for name, jobs := range map[string][]state{
			"four short files are checked at a time": {
				{who: 0, set: short, atWork: true, waits: -1}, {who: 1, set: short, waits: -1}, {who: 2, set: short, atWork: true, waits: -1},
				{who: 3, set: short, waits: -1}, {who: 4, set: short, waits: 0}, {who: 5, set: short, waits: 0},
			},
			"two long ones are, beside them": {
				{who: 0, set: long, atWork: true, waits: -1}, {who: 1, set: long, waits: -1}, {who: 2, set: long, waits: 0},
				{who: 3, set: short, waits: -1}, {who: 4, set: "file_bytes = 300000", waits: 0}, {who: 5, set: "total_rows = 20000", waits: 0},
			},
			"one is written at a time, beside those that are checked": {
				{who: 0, set: long, atWork: true, waits: -1}, {who: 1, set: write, waits: -1}, {who: 2, set: write, waits: 1},
				{who: 3, set: "status = 'UNDOING'", waits: 1}, {who: 4, set: short, waits: -1}, {who: 5, set: long, waits: -1},
			},
			"those of one person go one after the other": {
				{who: 0, set: short, waits: -1}, {who: 0, set: short, waits: 0}, {who: 0, set: write, waits: 0}, {who: 1, set: write, waits: -1},
				{who: 2, set: write, waits: 3}, {who: 2, set: short, waits: 4},
			},
			"what another key is needed for keeps nobody waiting": {
				{who: 0, set: write + ", key_print = 'another'", waits: -1}, {who: 0, set: write, waits: -1}, {who: 1, set: short + ", key_print = 'another'", waits: -1}, {who: 1, set: short, waits: -1},
			},
		} {
			t.Run(name, func(t *testing.T) {
				b := b.on(t)
				ids := make([]int, len(jobs))
				for i, j := range jobs {
					ids[i] = b.submitted(people[j.who], b.North, groups, "External ID,Name\n1,A class of its own\n").ID
					b.exec("UPDATE bulk_jobs SET "+j.set+" WHERE id = ?", ids[i])
					if j.atWork {
						b.exec("UPDATE bulk_jobs SET lease_owner = 'other', lease_until = ? WHERE id = ?",
							fixture.Today.Add(time.Minute), ids[i])
					}
				}
				for i, j := range jobs {
					want := 0
					if j.waits >= 0 {
						want = ids[j.waits]
					}
					if got, err := b.Waiting(fixture.System(), b.job(ids[i])); got != want || err != nil {
						t.Errorf("job %d of %v waits for %d, %v; want %d", i, ids, got, err, want)
					}
				}
				// So that they no longer count in anybody's turns.
				b.exec("UPDATE bulk_jobs SET status = 'CANCELED', lease_until = NULL, lease_owner = '', created_at = ?",
					fixture.Today.Add(-24*time.Hour))
			})
		}
	})
}

func TestASmallFileThatTakesLongIsCheckedAmongTheLongOnes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		var m meter
		b := benchOn(t, w, func(o *jobs.Options) { o.CheckTime, o.CPU = 2*time.Minute, m.Now })
		var long []int
		for i := range 2 {
			who := b.Educator(t, b.Alpha, fmt.Sprintf("Somebody%d Long", i), viewer.SchoolAdmin, b.South)
			long = append(long, b.submitted(who, b.South, students, studentsFile(fmt.Sprintf("l%d", i), 3, "")).ID)
			b.exec("UPDATE bulk_jobs SET slow = 1, lease_owner = 'other', lease_until = ? WHERE id = ?",
				fixture.Today.Add(time.Minute), long[i])
		}
		m.step.Store(int64(time.Second))
		slow := b.submitted(b.SouthAdmin, b.South, students, studentsFile("slow", 1000, ""))
		if got := b.drained(slow.ID); got.Status != verifying || got.Slow != 1 || got.LeaseOwner != "" || got.Abandoned != 0 {
			t.Errorf("the small file that takes long is %+v", got)
		}
		if got, err := b.Waiting(fixture.System(), b.job(slow.ID)); got != long[0] || err != nil {
			t.Errorf("it waits for %d, %v; want %d", got, err, long[0])
		}
		m.step.Store(0)
		b.want(b.verified(b.NorthAdmin, b.North, students, studentsFile("quick", 2, "")), ready, 2, 0, 0, 0)
		m.step.Store(int64(time.Second))
		b.exec("UPDATE bulk_jobs SET lease_owner = '', lease_until = NULL, status = 'CANCELED' WHERE id = ?", long[0])
		b.want(b.drained(slow.ID), ready, 1000, 0, 0, 0)
	})
}

// TestShortJobsHaveWorkersOfTheirOwn keeps as many long jobs at work as a server works
// on, in several districts.
func TestShortJobsHaveWorkersOfTheirOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		stuck, goOn := make(chan struct{}), make(chan struct{})
		keep := map[int]bool{}
		server := benchOn(t, b.World, func(o *jobs.Options) {
			load := o.Viewer
			o.Viewer = func(ctx context.Context, id int) (*viewer.Viewer, error) {
				if keep[id] {
					select {
					case stuck <- struct{}{}:
						<-goOn
					case <-goOn:
					}
				}
				return load(ctx, id)
			}
		})
		long := func(i int) int {
			district, school := b.Alpha, b.South
			if i%2 == 1 {
				district, school = b.Beta, b.East
			}
			who := b.Educator(t, district, fmt.Sprintf("Somebody%d Long", i), viewer.SchoolAdmin, school)
			keep[who.ID] = true
			id := b.submitted(who, school, students, studentsFile(fmt.Sprintf("l%d", i), 3, "")).ID
			b.exec("UPDATE bulk_jobs SET slow = 1 WHERE id = ?", id)
			return id
		}
		// Two are to be written, and four to be checked.
		written := []int{long(0), long(1)}
		b.drained(written[0])
		for i, id := range written {
			if _, err := b.Start(b.As(t, []*db.Educator{b.DistrictAdmin, b.BetaAdmin}[i]), id); err != nil {
				t.Fatal(err)
			}
		}
		for i := 2; i < 6; i++ {
			long(i)
		}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = server.Run(ctx) })
		for range 4 {
			<-stuck
		}
		short := server.submitted(b.NorthAdmin, b.North, students, studentsFile("short", 2, ""))
		for deadline := time.Now().Add(5 * time.Minute); b.job(short.ID).Status == verifying && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		b.want(b.job(short.ID), ready, 2, 0, 0, 0)
		close(goOn)
		stop()
		all.Wait()
	})
}

// TestAServerLooksAgainBeforeItClaims lets another server claim a job after this one has
// looked and before it claims.
func TestAServerLooksAgainBeforeItClaims(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		first := b.verified(b.NorthAdmin, b.North, students, studentsFile("a", 2, ""))
		second := b.verified(b.SouthAdmin, b.South, students, studentsFile("b", 2, ""))
		for _, job := range []*db.BulkJob{first, second} {
			if _, err := b.Start(b.As(t, b.DistrictAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		}
		// What a server has begun that was killed comes first, and its lease is looked at.
		b.exec("UPDATE bulk_jobs SET lease_owner = 'killed', lease_until = ? WHERE id = ?",
			fixture.Today.Add(-time.Minute), second.ID)
		var once sync.Once
		server := benchOn(t, b.World, func(o *jobs.Options) {
			o.Now = func() time.Time {
				once.Do(func() {
					b.exec("UPDATE bulk_jobs SET lease_owner = 'other', lease_until = ?, fence = fence + 1 WHERE id = ?",
						fixture.Today.Add(time.Minute), first.ID)
				})
				return fixture.Today
			}
		})
		if err := server.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := b.job(second.ID); got.Status != processing || got.LeaseOwner != "killed" {
			t.Errorf("the second job is %s, held by %s, while another server writes the first one", got.Status, got.LeaseOwner)
		}
	})
}

// TestManyServersWriteOneJobAtATime has several servers look for work at the same
// moment, again and again, and looks which jobs' passwords are hashed at a time.
func TestManyServersWriteOneJobAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		var mu sync.Mutex
		underWay := map[byte]int{}
		hash := func(o *jobs.Options) {
			o.Hash = func(_ context.Context, password string) (string, error) {
				mu.Lock()
				underWay[password[0]]++
				if len(underWay) > 1 {
					t.Errorf("jobs that are written at a time: %v", underWay)
				}
				mu.Unlock()
				runtime.Gosched()
				mu.Lock()
				defer mu.Unlock()
				if underWay[password[0]]--; underWay[password[0]] == 0 {
					delete(underWay, password[0])
				}
				return "hash", nil
			}
		}
		var jobs []*db.BulkJob
		for i := range 8 {
			who := b.Educator(t, b.Alpha, fmt.Sprintf("Somebody%d Writes", i), viewer.SchoolAdmin, b.North)
			prefix := string(rune('a' + i))
			jobs = append(jobs, b.submitted(who, b.North, students, studentsFile(prefix, 60, prefix+"password")))
		}
		b.drained(jobs[0].ID)
		for _, job := range jobs {
			if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for range 6 {
			server := benchOn(t, b.World, hash)
			all.Go(func() {
				for _, job := range jobs {
					if err := server.RunJob(context.Background(), job.ID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for _, job := range jobs {
			got := b.job(job.ID)
			b.want(got, completed, 60, 0, 0, 0)
			if got.Fence != 2 {
				t.Errorf("job %d was claimed %d times", job.ID, got.Fence)
			}
		}
	})
}

// TestACheckThatNobodyWantsAnyMoreEnds takes the reason away while the file is checked.
func TestACheckThatNobodyWantsAnyMoreEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		const rows = 10_000
		for name, test := range map[string]struct {
			end  func(b *bench, server *bench, job int)
			want bulkjob.Status
			why  string
		}{
			"where it is canceled": {
				end: func(b, server *bench, job int) {
					if _, err := server.Cancel(b.As(b.t, b.NorthAdmin), job); err != nil {
						b.t.Error(err)
					}
				},
				want: canceled,
			},
			"where it is canceled at another server": {
				end: func(b, _ *bench, job int) {
					if _, err := b.Cancel(b.As(b.t, b.NorthAdmin), job); err != nil {
						b.t.Error(err)
					}
				},
				want: canceled,
			},
			"where its submitter has lost the role": {
				end: func(b, _ *bench, _ int) {
					b.exec("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", b.South.ID, b.NorthAdmin.ID)
				},
				want: failed, why: row.RoleLost,
			},
			"where its submitter is disabled": {
				end: func(b, _ *bench, _ int) {
					b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", b.NorthAdmin.ID)
				},
				want: failed, why: row.AccountDisabled,
			},
		} {
			t.Run(name, func(t *testing.T) {
				b := b.on(t)
				defer func() {
					b.exec("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", b.North.ID, b.NorthAdmin.ID)
					b.exec("UPDATE educators SET disabled = 0 WHERE id = ?", b.NorthAdmin.ID)
				}()
				job := b.submitted(b.NorthAdmin, b.North, students, studentsFile("x", rows, ""))
				var server *bench
				var pieces, before atomic.Int64
				stop := stopAt(b.NorthAdmin, 3, func() { test.end(b, server, job.ID); before.Store(pieces.Load()) })
				server = benchOn(t, b.World, func(o *jobs.Options) {
					stop(o)
					o.Turn = func(context.Context) (func(), error) { pieces.Add(1); return func() {}, nil }
				})
				if err := server.Drain(context.Background()); err != nil {
					t.Fatal(err)
				}
				got := b.job(job.ID)
				if got.Status != test.want || test.why != "" && b.hint(got, test.why) == "" {
					t.Errorf("the job is %s: %s", got.Status, b.problems(got))
				}
				if n := b.number("SELECT COUNT(*) FROM bulk_job_rows") + b.number("SELECT COUNT(*) FROM bulk_job_chunks"); n != 0 {
					t.Errorf("%d plans and pieces are left", n)
				}
				// Each batch takes four pieces, and four batches are under way at a time.
				if more := pieces.Load() - before.Load(); more > 16 {
					t.Errorf("%d pieces of work were done behind the end, %d before", more, before.Load())
				}
			})
		}
	})
}

// TestAWorkbookIsNotReadOnForACanceledJob cancels while the workbook is looked through,
// before any of its rows is checked.
func TestAWorkbookIsNotReadOnForACanceledJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		rows := [][]any{{"Student ID", "First Name", "Last Name", "Username", "Grade"}}
		for i := range 4000 {
			rows = append(rows, []any{fmt.Sprint("w", i), "First", "Last", fmt.Sprint("work.book", i), 7})
		}
		job := b.submitted(b.NorthAdmin, b.North, students, workbookOf(t, rows...))
		var server *bench
		var asked, before atomic.Int64
		server = benchOn(t, b.World, func(o *jobs.Options) {
			o.CPU = func() time.Duration {
				// The first question is that of the piece, before the file is read.
				if asked.Add(1) == 3 {
					if _, err := server.Cancel(b.As(t, b.NorthAdmin), job.ID); err != nil {
						t.Error(err)
					}
					before.Store(asked.Load())
				}
				return 0
			}
		})
		if err := server.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		b.want(b.job(job.ID), canceled, 0, 0, 0, 0)
		if more := asked.Load() - before.Load(); before.Load() == 0 || more > 1 {
			t.Errorf("%d more pieces of the workbook were read", more)
		}
	})
}

// TestChecksSideBySideSurviveCrashes kills servers while they check the files of two
// people, and compares the result with that of an undisturbed run.
func TestChecksSideBySideSurviveCrashes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		submit := func() [2]int {
			return [2]int{
				b.submitted(b.DistrictAdmin, b.Alpha, students, manyStudents(3000)).ID,
				b.submitted(b.NorthAdmin, b.North, students, strings.ReplaceAll(manyStudents(2000), ",S0", ",T0")).ID,
			}
		}
		prints := func(ids [2]int) (out string) {
			for _, id := range ids {
				j := b.job(id)
				out += fmt.Sprintln(j.Status, j.TotalRows, j.VerifiedRows, j.Created, j.Unchanged, j.Errors, j.Warnings,
					j.Passwords, j.EnrollmentsAdded, b.problems(j),
					b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ?", id),
					b.number("SELECT COUNT(DISTINCT `row`) FROM bulk_job_rows WHERE job_id = ?", id),
					b.number("SELECT COUNT(*) FROM bulk_job_refused_rows WHERE job_id = ?", id))
			}
			return out
		}
		undisturbed := submit()
		b.drained(undisturbed[0])
		want := prints(undisturbed)
		ids := submit()
		together, crashes := false, 0
		for b.job(ids[0]).Status == verifying || b.job(ids[1]).Status == verifying {
			now := &clock{now: fixture.Today.Add(time.Duration(crashes) * time.Minute)}
			ctx, cancel := context.WithTimeout(context.Background(), after(crashes))
			var all sync.WaitGroup
			for range 2 {
				server := benchOn(t, b.World, func(o *jobs.Options) { o.Now, o.MaxAbandoned = now.Now, 1000 })
				all.Go(func() { _ = server.Drain(ctx) })
			}
			all.Wait()
			cancel()
			crashes++
			// As if they had been killed: the leases are still there.
			if crashes%2 == 0 {
				b.exec("UPDATE bulk_jobs SET lease_owner = 'dead', lease_until = ? WHERE status = 'VERIFYING'",
					now.Now().Add(30*time.Second))
			}
			together = together || b.job(ids[0]).Fence > 0 && b.job(ids[1]).Fence > 0 && b.job(ids[0]).Status == verifying
			if crashes > 60 {
				t.Fatalf("still not checked after %d crashes", crashes)
			}
		}
		if got := prints(ids); got != want {
			t.Errorf("with %d crashes it differs:\n%s", crashes, diff(want, got))
		}
		if crashes < 2 || !together {
			t.Errorf("%d crashes; checked side by side: %v", crashes, together)
		}
	})
}
