package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// TestTheNumbersAgreeAtAnyMoment has 8 writers assign, remove, create, delete and
// import students and record usage, while 4 readers compare the count in the
// notice, in the report, in the list and the lines of the CSV. In the end every
// derived number is checked.
func TestTheNumbersAgreeAtAnyMoment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		s.Client().Organization.Update().SetUsageCountedFrom(0).ExecX(fixture.System())
		log := testlog.New(t)
		u := usage.New(d, clock, log)
		if _, err := u.Recount(fixture.System()); err != nil {
			t.Fatal(err)
		}
		var students []*db.Student
		for i := range 40 {
			students = append(students, s.Student(t, s.North, fmt.Sprintf("First%d", i), fmt.Sprintf("Last%d", i%7), 0))
		}

		done := make(chan struct{})
		var writers, readers sync.WaitGroup
		var reads, changes atomic.Int64
		for i := range 8 {
			writers.Go(func() { s.write(t, u, students, i, &changes) })
		}
		for i := range 4 {
			readers.Go(func() {
				for {
					if i%2 == 0 {
						s.compareInOneOperation(t)
					} else {
						s.compareInOneSnapshot(t, u, log)
					}
					reads.Add(1)
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		writers.Wait()
		close(done)
		readers.Wait()
		if reads.Load() < 8 || changes.Load() < 80 {
			t.Errorf("only %d reads and %d changes", reads.Load(), changes.Load())
		}
		rows, err := doctor.New(d).Examine(context.Background(), false, func(f doctor.Finding) error {
			t.Errorf("derived number: %s", f)
			return nil
		})
		if err != nil || rows < len(students) {
			t.Errorf("examined %d rows, %v", rows, err)
		}
	})
}

// write changes the roster in one of several ways, again and again. Refusals are
// a part of it: another writer was faster.
func (s *server) write(t *testing.T, u *usage.Service, students []*db.Student, writer int, changes *atomic.Int64) {
	r := newTestRoster(s.DB)
	ctx := s.As(t, s.DistrictAdmin)
	ids := func(from, n int) []int {
		var list []int
		for i := range n {
			list = append(list, students[(from+i)%len(students)].ID)
		}
		return list
	}
	for round := range 15 {
		var err error
		at := writer*5 + round*3
		switch (writer + round) % 6 {
		case 0, 1:
			_, err = r.AssignStudents(ctx, ids(at, 7), []int{s.Algebra.ID, s.Biology.ID}[:1+round%2])
		case 2:
			_, err = r.RemoveStudents(ctx, ids(at, 9), []int{s.Algebra.ID, s.Biology.ID})
		case 3:
			student := students[at%len(students)]
			_, _, _, err = u.Record(ctx, s.Alpha.ID, []usage.Event{{ID: fmt.Sprintf("e%d.%d", writer, round),
				StudentExternalID: student.ExternalID, ProductCode: "MATH", StartedAt: clock().Add(-1), Seconds: 61}})
		case 4:
			id := fmt.Sprintf("new%d.%d", writer, round)
			var st *db.Student
			if st, err = r.CreateStudent(ctx,
				roster.NewStudent{OrganizationID: s.North.ID, ExternalID: id, FirstName: "New", LastName: id,
					Username: id, Grade: "5", GroupIDs: []int{s.Algebra.ID}[:round%2]}); err == nil {
				err = r.DeleteStudents(ctx, []int{st.ID})
			}
		case 5:
			s.importAssignment(t, students[at%len(students)])
		}
		if err != nil && fault.From(err) == nil && !errors.As(err, new(roster.Refusals)) {
			t.Errorf("writer %d, round %d: %v", writer, round, err)
			return
		}
		changes.Add(1)
	}
}

// importAssignment imports a file of one row that puts a student into a group.
func (s *server) importAssignment(t *testing.T, student *db.Student) {
	a := s.upload(t, s.DistrictAdmin, s.names(nil).
		Replace(`mutation($file: Upload!) { submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS, file:
			$file}) { job { id } userErrors { message } } }`),
		"assign.csv", "Student ID,Classes/Groups\n"+student.ExternalID+",Biology\n")
	id, ok := a.at("submitBulkImport.job.id").(string)
	if !ok {
		t.Errorf("the file was refused: %+v", a)
		return
	}
	if err := s.importer.Drain(fixture.System()); err != nil {
		t.Error(err)
	}
	// The worker of another writer may be verifying it, in which case it stays.
	s.ask(t, s.DistrictAdmin, `mutation($id: ID!) { startBulkJob(id: $id) { userErrors { code } } }`,
		map[string]any{"id": id})
	if err := s.importer.Drain(fixture.System()); err != nil {
		t.Error(err)
	}
}

func (s *server) compareInOneOperation(t *testing.T) {
	a := s.ask(t, s.DistrictAdmin, s.names(nil).Replace(`{
		dashboardNotifications(organizationId: "{{Alpha}}") { count }
		usageReport(organizationId: "{{Alpha}}", period: YEAR_TO_DATE) { notifications { count } rows { ungrouped totals { activeStudents } } }
		students(organizationId: "{{Alpha}}", filter: {active: true, noGroups: true}, first: 500) { totalCount nodes { id } }
	}`), nil)
	counts := []any{a.at("dashboardNotifications.0.count"), a.at("usageReport.notifications.0.count"),
		a.at("students.totalCount")}
	if rows, ok := a.at("usageReport.rows").([]any); ok {
		counts = append(counts, a.at(fmt.Sprintf("usageReport.rows.%d.totals.activeStudents", len(rows)-1)))
	}
	if nodes, ok := a.at("students.nodes").([]any); ok {
		counts = append(counts, float64(len(nodes)))
	}
	if len(counts) != 5 || counts[0] == nil {
		t.Errorf("incomplete answer: %+v", a)
	}
	for _, c := range counts {
		if c != counts[0] {
			t.Errorf("notice, notice of the report, list, row of the report and nodes are %v", counts)
			return
		}
	}
}

func (s *server) compareInOneSnapshot(t *testing.T, u *usage.Service, log *slog.Logger) {
	ctx, end := s.DB.Snapshot(s.As(t, s.DistrictAdmin))
	defer end()
	n := notify.New(s.DB, u, log)
	list, err := n.Unassigned(ctx, s.Alpha.ID)
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
		return
	}
	var file bytes.Buffer
	rows, err := n.CSV(ctx, &file, s.Alpha.ID)
	if err != nil {
		t.Error(err)
		return
	}
	if lines := strings.Count(file.String(), "\r\n") - 1; lines != list[0].Count || rows != lines {
		t.Errorf("the notice counts %d, the file has %d lines", list[0].Count, lines)
	}
}

func newTestRoster(d *database.DB) *roster.Service {
	return roster.New(d,
		roster.Options{Recount: usage.RecountStudents, Now: clock, Log: slog.New(slog.DiscardHandler),
			Hash: func(context.Context, string) (string, error) { return "", nil }})
}
