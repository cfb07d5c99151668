// Package sample fills a database with a made-up district: schools, groups, educators,
// students and their usage, from 3,000 students for a demonstration to 1,000,000 for a
// load test. The same options always produce the same rows, and every derived number is
// correct.
package sample

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Options say what to create. Zero values are replaced by values that fit the number of
// students; Now is required.
type Options struct {
	// Seed chooses among districts of the same shape.
	Seed uint64
	// Students is 3,000 unless it is set.
	Students int
	// Schools, Groups and Educators follow from the number of students: 600 students in a
	// school, and 50 in a group in small districts or 25 in districts from 10,000 students
	// on.
	Schools, Groups, Educators int
	// UnassignedShare is the share of the students who are in no group: 0.13 in small
	// districts, 0.05 in large ones; negative for none. Four of five of them are active.
	UnassignedShare float64
	// Weeks is how many weeks of usage there are; the default is 10.
	Weeks int
	// Now is the present; all days are counted back from it.
	Now time.Time
	// PasswordHash is the hash of the password of the three accounts to sign in with.
	// Without it, they cannot sign in with a password either; the other accounts never
	// can.
	PasswordHash string
	// Add allows another district in a database that already has one.
	Add bool
	// Progress, if it is set, is called with the number of stored students.
	Progress func(done, total int)
}

// Summary says what was created.
type Summary struct {
	District                                   string
	DistrictID                                 int
	Schools, Groups, Educators, Students       int
	Enrollments, UsageDays, Words              int
	Unassigned, UnassignedActive, SyncedGroups int
	SignIns                                    []SignIn
}

// Rows is the number of rows that were stored for students.
func (s Summary) Rows() int { return s.Students + s.Enrollments + s.UsageDays + s.Words }

// SignIn is an account that is worth trying.
type SignIn struct {
	Email string
	Name  string
	Role  viewer.Role
	// At is the name of the organization at which the role is held.
	At string
}

// studentsInTransaction is about how many students one transaction stores. Each
// transaction holds whole schools, so that the numbers are correct even if a run is
// interrupted.
const studentsInTransaction = 10_000

// Fill stores a district. It refuses a database with organizations in it unless
// Options.Add allows it.
func Fill(ctx context.Context, d *database.DB, o Options) (Summary, error) {
	ctx = viewer.AsSystem(ctx, "sample data")
	o, err := o.complete()
	if err != nil {
		return Summary{}, err
	}
	plan := newPlan(o)
	w := &writer{db: d, plan: plan, now: instant(d.Kind(), plan.now)}
	if err := d.InTx(ctx, w.district); err != nil {
		return Summary{}, err
	}
	// The next schools are made up while the database stores the last ones.
	work, ctx := errgroup.WithContext(ctx)
	batches := make(chan *batch, 1)
	work.Go(func() error {
		defer close(batches)
		return plan.generate(ctx, batches)
	})
	// One writer, on MySQL too: two or four writers took longer for the same rows.
	work.Go(func() error {
		for b := range batches {
			err := d.InTx(ctx, func(ctx context.Context, client *db.Client) error { return w.schools(ctx, client, b) })
			if err != nil {
				return err
			}
			w.stored(b)
		}
		return nil
	})
	if err := work.Wait(); err != nil {
		return Summary{}, err
	}
	return w.summary, d.Optimize(viewer.AsSystem(context.WithoutCancel(ctx), "sample data"))
}

// complete fills in missing options and refuses those that do not fit together.
func (o Options) complete() (Options, error) {
	const large = 10_000
	fill := func(value *int, byDefault int) {
		if *value == 0 {
			*value = byDefault
		}
	}
	fill(&o.Students, 3_000)
	fill(&o.Schools, max(1, (o.Students+599)/600))
	perGroup, share := 50, 0.13
	if o.Students >= large {
		perGroup, share = 25, 0.05
	}
	fill(&o.Groups, max(3*o.Schools, o.Students/perGroup))
	fill(&o.Educators, max(2*o.Schools+2, o.Students/75))
	fill(&o.Weeks, 10)
	if o.UnassignedShare == 0 {
		o.UnassignedShare = share
	}
	o.UnassignedShare = max(0, o.UnassignedShare)
	switch {
	case o.Now.IsZero():
		return o, fault.Invalidf("a sample needs to know what the time is")
	case o.Students < 1 || o.Students > 10_000_000:
		return o, fault.Invalidf("%d students are not between 1 and 10,000,000", o.Students)
	case o.Schools < 1 || o.Schools > o.Students:
		return o, fault.Invalidf("%d schools do not fit %d students", o.Schools, o.Students)
	case o.Groups < 3*o.Schools:
		return o, fault.Invalidf("%d groups are too few: each of the %d schools needs 3", o.Groups, o.Schools)
	case o.Educators < 2*o.Schools+2:
		return o, fault.Invalidf("%d educators are too few: %d schools need %d", o.Educators, o.Schools, 2*o.Schools+2)
	case o.UnassignedShare > 1:
		return o, fault.Invalidf("a share of %v of the students is more than all", o.UnassignedShare)
	case o.Weeks < 1 || o.Weeks > 60:
		return o, fault.Invalidf("%d weeks are not between 1 and 60", o.Weeks)
	}
	return o, nil
}
