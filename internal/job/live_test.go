package job_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
)

// studentsFile is a file of students, all of them good.
func studentsFile(prefix string, n int, password string) string {
	var file strings.Builder
	file.WriteString(header)
	for i := range n {
		fmt.Fprintf(&file, ",%s%04d,First,Last,%suser%04d,%s,7,,\n", prefix, i, prefix, i, password)
	}
	return file.String()
}

func TestTheProgressOfOneTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.NorthAdmin, b.North, students, studentsFile("t", 6000, ""), allOrNothing)
		if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		// Another server sees it too, if there can be another one.
		watchers := []*bench{b}
		if d.Kind() == database.MySQL {
			watchers = append(watchers, benchOn(t, b.World, nil))
		}
		done := make(chan struct{})
		var all sync.WaitGroup
		for i, w := range watchers {
			all.Go(func() {
				between, last := 0, 0.0
				for ended := false; !ended; time.Sleep(2 * time.Millisecond) {
					select {
					case <-done:
						ended = true
					default:
					}
					p, err := w.Progress(fixture.System(), b.job(job.ID))
					if err != nil {
						t.Error(err)
						return
					}
					if p.Percent < last {
						t.Errorf("watcher %d: from %v back to %v", i, last, p.Percent)
					}
					if p.Percent > 50 && p.Percent < 99 {
						between++
					}
					last = p.Percent
				}
				if between == 0 || last != 100 {
					t.Errorf("watcher %d saw %d values between the start and the end, and %v at last", i, between, last)
				}
			})
		}
		b.drained(job.ID)
		close(done)
		all.Wait()
		b.want(b.job(job.ID), completed, 6000, 0, 0, 0)
	})
}

func TestTheProgressOfPasswords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for name, changes := range map[string][]with{"valid rows": nil, "all or nothing": {allOrNothing}} {
			t.Run(name, func(t *testing.T) {
				w := fixture.New(t, d)
				goOn, hashed := make(chan struct{}), make(chan struct{}, 10)
				b := benchOn(t, w, func(o *jobs.Options) {
					hash := o.Hash
					o.Hash = func(ctx context.Context, password string) (string, error) {
						<-goOn
						text, err := hash(ctx, password)
						hashed <- struct{}{}
						return text, err
					}
				})
				defer b.clean()
				job := b.verified(b.NorthAdmin, b.North, students,
					studentsFile("p", 5, "secret")+",q1,No,Password,nopassword,,7,,\n", changes...)
				if job.Passwords != 5 {
					t.Errorf("%d passwords", job.Passwords)
				}
				if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- b.Drain(context.Background()) }()
				for range 3 {
					goOn <- struct{}{}
					<-hashed
				}
				var p progress.Progress
				for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
					var err error
					if p, err = b.Progress(fixture.System(), b.job(job.ID)); err != nil {
						t.Fatal(err)
					}
					if p.HashedPasswords == 3 {
						break
					}
				}
				if p.Phase != progress.HashingPasswords || p.HashedPasswords != 3 || p.TotalPasswords != 5 || p.Percent < 50 ||
					p.Percent >= 100 {
					t.Errorf("%+v", p)
				}
				read := b.job(job.ID)
				close(goOn)
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				// Somebody has read the row before the end, and asks for the progress
				// after it.
				if p, err := b.Progress(fixture.System(), read); err != nil || p.HashedPasswords < 3 || p.Phase == "" {
					t.Errorf("%+v, %v", p, err)
				}
				job = b.job(job.ID)
				b.want(job, completed, 6, 0, 0, 0)
				if p, err := b.Progress(fixture.System(), job); err != nil || p.Phase != "" || p.HashedPasswords != 5 ||
					p.Percent != 100 {
					t.Errorf("%+v, %v", p, err)
				}
			})
		}
	})
}

func TestJobsOfADistrictWaitForEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		started, goOn := make(chan struct{}), make(chan struct{})
		w := fixture.New(t, d)
		var once sync.Once
		b := benchOn(t, w, func(o *jobs.Options) {
			hash := o.Hash
			o.Hash = func(ctx context.Context, password string) (string, error) {
				once.Do(func() { close(started); <-goOn })
				return hash(ctx, password)
			}
		})
		first := b.verified(b.NorthAdmin, b.North, students, studentsFile("a", 2, "secret"))
		second := b.verified(b.SouthAdmin, b.South, students, studentsFile("b", 2, ""))
		if _, err := b.Start(b.As(t, b.NorthAdmin), first.ID); err != nil {
			t.Fatal(err)
		}
		run := make(chan error, 1)
		go func() { run <- b.RunJob(context.Background(), first.ID) }()
		<-started
		if _, err := b.Start(b.As(t, b.SouthAdmin), second.ID); err != nil {
			t.Fatal(err)
		}
		third := b.submitted(b.NorthAdmin, b.North, students, studentsFile("c", 2, ""))
		checked := b.submitted(b.DistrictAdmin, b.Alpha, students, studentsFile("d", 2, ""))
		elsewhere := b.submitted(b.BetaAdmin, b.East, students, studentsFile("e", 2, ""))
		for job, want := range map[int]int{
			first.ID:     0,
			second.ID:    first.ID,
			third.ID:     first.ID,
			checked.ID:   0,
			elsewhere.ID: 0,
		} {
			if got, err := b.Waiting(fixture.System(), b.job(job)); err != nil || got != want {
				t.Errorf("job %d waits for %d, %v; want %d", job, got, err, want)
			}
		}
		// One is written at a time, the jobs of a person go one after the other, and
		// whatever is only checked does not wait.
		other := benchOn(t, w, nil)
		if err := other.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		for job, want := range map[int]bulkjob.Status{
			second.ID:    processing,
			third.ID:     verifying,
			checked.ID:   ready,
			elsewhere.ID: ready,
		} {
			if got := b.job(job).Status; got != want {
				t.Errorf("job %d is %s instead of %s while another one is written", job, got, want)
			}
		}
		close(goOn)
		if err := <-run; err != nil {
			t.Fatal(err)
		}
		b.drained(third.ID)
		for job, want := range map[int]bulkjob.Status{first.ID: completed, second.ID: completed, third.ID: ready} {
			if first, err := b.Waiting(fixture.System(), b.job(job)); first != 0 || err != nil || b.job(job).Status != want {
				t.Errorf("job %d: %v, %v", job, b.job(job), err)
			}
		}
	})
}

func TestAJobThatNobodyStartsIsCanceled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.NorthAdmin, b.North, students,
			header+",x1,Ex,Pired,expired,secret,7,,\n,x2,Ex,Pired,expired2,secret,99,,\n")
		late := &clock{now: fixture.Today.Add(13 * 24 * time.Hour)}
		later := benchOn(t, b.World, func(o *jobs.Options) { o.Now = late.Now })
		if err := later.Sweep(context.Background()); err != nil || b.job(job.ID).Status != ready {
			t.Fatalf("%v, %v", b.job(job.ID), err)
		}
		late.Add(2 * 24 * time.Hour)
		if err := later.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		b.want(b.job(job.ID), canceled, 0, 0, 1, 1)
		b.wantProblems(job, `row 0 warning  EXPIRED ""`, `row 2 Grade UNKNOWN_GRADE "99"`)
		if n := b.secrets(); n != 0 {
			t.Errorf("%d secrets are left", n)
		}
	})
}
