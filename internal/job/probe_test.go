package job_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/takenanswer"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestNobodyFindsOutInBulkWhoIsThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.Client().Organization.Update().Where(organization.TypeEQ(organization.TypeDISTRICT)).SetHoldDeletedPercent(100).
			SetHoldChangedPercent(100).ExecX(fixture.System())
		now := &clock{now: fixture.Today}
		probes := probe.New(d, 5, now.Now, slog.New(slog.DiscardHandler))
		b := benchOn(t, w, func(o *jobs.Options) { o.Probes, o.Now = probes, now.Now })
		people := roster.New(d, roster.Options{Probes: probes, Now: now.Now, Log: slog.New(slog.DiscardHandler)})
		var there []*db.Student
		for i := range 12 {
			there = append(there, b.Student(t, b.South, fmt.Sprintf("Sue%d", i), "South", 0))
		}
		own := b.Student(t, b.North, "Nora", "North", 0, b.Algebra)
		asking := func(column string, students ...*db.Student) string {
			file := "Student ID,First Name,Last Name,Username,Grade,Classes/Groups\n"
			for i, st := range students {
				id, username := st.ExternalID, fmt.Sprintf("fresh%d", i)
				if column == "Username" {
					id, username = fmt.Sprintf("fresh%d", i), st.Username
				}
				file += fmt.Sprintf("%s,Any,Body,%s,7,Algebra 1\n", id, username)
			}
			return file
		}
		stopped := func(who *db.Educator, job *db.BulkJob) {
			t.Helper()
			b.want(job, bulkjob.StatusFAILED, 0, 0, 0, job.TotalRows)
			if hint := b.hint(job, probe.Stopped); !strings.Contains(hint, "administrator of the district") {
				t.Error(hint)
			}
			for _, p := range b.allProblems(job.ID) {
				if p.Row != 0 {
					t.Errorf("row %d is told: %s", p.Row, p.Code)
				}
			}
			if n := b.Client().AuditEvent.Query().
				Where(auditevent.Action(string(audit.TakenAnswersStopped)), auditevent.ActorID(who.ID)).
				CountX(fixture.System()); n != 1 {
				t.Errorf("%d entries in the audit trail", n)
			}
		}
		create := func(who *db.Educator, username string) error {
			_, err := people.CreateStudent(b.As(t, who),
				roster.NewStudent{OrganizationID: b.North.ID, ExternalID: "new-" + username, Username: username,
					FirstName: "Any", LastName: "Body", Grade: "7", GroupIDs: []int{b.Algebra.ID}})
			return err
		}
		t.Run("a teacher, by files, corrections and single changes together", func(t *testing.T) {
			who := b.NorthTeacher
			job := b.verified(who, b.North, students, asking("Student ID", there[:2]...))
			b.want(job, ready, 0, 0, 0, 2)
			b.want(b.verified(who, b.North, students, asking("Username", there[2])), ready, 0, 0, 0, 1)
			if err := create(who, there[3].Username); fault.From(err) == nil || fault.From(err).Code != "USERNAME_TAKEN" {
				t.Errorf("the fourth answer: %v", err)
			}
			correct := func() error {
				_, err := b.Correct(b.As(t, who),
					jobs.Correction{JobID: job.ID, Row: 1, Values: []sheet.Cell{{Column: "Student ID", Value: there[4].ExternalID}}})
				return err
			}
			if err := correct(); err != nil {
				t.Errorf("the fifth answer: %v", err)
			}
			if f := fault.From(correct()); f == nil || f.Code != probe.Stopped {
				t.Errorf("the sixth answer: %v", f)
			}
			stopped(who, b.verified(who, b.North, students, asking("Student ID", there[6])))
			if err := create(who, there[7].Username); fault.From(err) == nil || fault.From(err).Code != probe.Stopped {
				t.Errorf("a single change: %v", err)
			}
			// There is no answer either that something is free, or that the row's own
			// student has it: then the refusal itself would reveal it. Nothing is written.
			before := b.world()
			for _, id := range []string{"nobodys", there[9].ExternalID, own.ExternalID} {
				_, err := b.Correct(b.As(t, who), jobs.Correction{JobID: job.ID, Row: 1,
					Values: []sheet.Cell{{Column: "Student ID", Value: id}, {Column: "Grade", Value: "99"}}})
				if f := fault.From(err); f == nil || f.Code != probe.Stopped {
					t.Errorf("a correction to %s: %v", id, err)
				}
				for _, grade := range []string{"7", "99"} {
					file := "Student ID,First Name,Last Name,Username,Grade,Classes/Groups\n"
					file += id + ",Any,Body,x" + id + "," + grade + ",Algebra\n"
					stopped(who, b.verified(who, b.North, students, file))
				}
				_, err = people.UpdateStudent(b.As(t, who), roster.StudentChange{ID: own.ID, Username: &id})
				if f := fault.From(err); f == nil || f.Code != probe.Stopped {
					t.Errorf("a change to %s: %v", id, err)
				}
				if err := create(who, "u"+id); fault.From(err) == nil || fault.From(err).Code != probe.Stopped {
					t.Errorf("a new student called %s: %v", id, err)
				}
			}
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
			name := "Other"
			if _, err := people.UpdateStudent(b.As(t, who),
				roster.StudentChange{ID: own.ID, FirstName: &name, Username: &own.Username}); err != nil {
				t.Errorf("what asks nothing: %v", err)
			}
			now.Add(24 * time.Hour)
			b.want(b.verified(who, b.North, students, asking("Student ID", there[8])), ready, 0, 0, 0, 1)
		})
		t.Run("an administrator of a school, in one file", func(t *testing.T) {
			stopped(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, students, asking("Username", there...)))
			// Not even a little.
			stopped(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, students, asking("Username", there[0])))
		})
		t.Run("an administrator of the district sees them all", func(t *testing.T) {
			job := b.verified(b.DistrictAdmin, b.Alpha, students,
				"Student ID,Username\n"+own.ExternalID+","+there[0].Username+"\n"+there[1].ExternalID+",unheard.of\n")
			if job.Status != ready {
				t.Errorf("%s: %s", job.Status, b.problems(job))
			}
			if n := b.Client().TakenAnswer.Query().Where(takenanswer.EducatorIDGT(0)).CountX(fixture.System()); n != 3 {
				t.Errorf("%d counts", n)
			}
		})
	})
}

// TestADistrictFindsOutNoMoreByManyAccounts asks as many accounts of one district, one
// after the other, as have all the answers of the district together, and one more.
func TestADistrictFindsOutNoMoreByManyAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		const each, accounts = 2, 10
		now := &clock{now: fixture.Today}
		probes := probe.New(d, each, now.Now, slog.New(slog.DiscardHandler))
		people := roster.New(d, roster.Options{Probes: probes, Now: now.Now, Log: slog.New(slog.DiscardHandler)})
		there := w.Student(t, w.South, "Sue", "South", 0)
		elsewhere := w.Student(t, w.School(t, w.Beta, "West School", "W"), "Wes", "West", 0)
		n := 0
		create := func(who *db.Educator, at *db.Organization, taken *db.Student) string {
			n++
			_, err := people.CreateStudent(w.As(t, who), roster.NewStudent{OrganizationID: at.ID, ExternalID: fmt.Sprint("new",
				n), Username: taken.Username, FirstName: "Any", LastName: "Body", Grade: "7"})
			if f := fault.From(err); f != nil {
				return f.Code
			}
			return fmt.Sprint(err)
		}
		for i := range accounts {
			who := w.Educator(t, w.Alpha, fmt.Sprintf("Made%d Up", i), viewer.SchoolAdmin, w.North)
			for range each {
				if got := create(who, w.North, there); got != "USERNAME_TAKEN" {
					t.Fatalf("account %d: %s", i, got)
				}
			}
		}
		if got := create(w.NorthAdmin, w.North, there); got != probe.Stopped {
			t.Errorf("one account more: %s", got)
		}
		east := w.Educator(t, w.Beta, "Edda East", viewer.SchoolAdmin, w.East)
		if got := create(east, w.East, elsewhere); got != "USERNAME_TAKEN" {
			t.Errorf("another district: %s", got)
		}
		now.Add(24 * time.Hour)
		if got := create(w.NorthAdmin, w.North, there); got != "USERNAME_TAKEN" {
			t.Errorf("on the next day: %s", got)
		}
	})
}
