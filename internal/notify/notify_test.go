package notify_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func services(d *database.DB) (*notify.Service, *usage.Service) {
	log := slog.New(slog.DiscardHandler)
	u := usage.New(d, func() time.Time { return fixture.Today }, log)
	return notify.New(d, u, log), u
}

// pupils creates students of every kind; the names of those who are active and in no group
// begin with Lost.
func pupils(t *testing.T, d *database.DB) *fixture.World {
	t.Helper()
	w := fixture.New(t, d)
	w.Student(t, w.North, "Lost", "One", 60)
	w.Student(t, w.North, "Lost", "Two", 3600)
	w.Student(t, w.South, "Lost", "Three", 61)
	w.Student(t, w.East, "Foreign", "Four", 600)
	w.Student(t, w.North, "Idle", "Five", 59)
	w.Student(t, w.North, "Grouped", "Six", 600, w.Algebra)
	gone := w.Student(t, w.North, "Gone", "Seven", 600)
	gone.Update().SetDeletedAt(fixture.Today).ExecX(fixture.System())
	return w
}

func wantCount(t *testing.T, s *notify.Service, ctx context.Context, organizationID, want int) {
	t.Helper()
	got, err := s.Unassigned(ctx, organizationID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got,
		[]notify.Notification{{Kind: notify.UnassignedActiveStudents, OrganizationID: organizationID, Count: want}}) {
		t.Errorf("notifications %+v, want one of %d students", got, want)
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("error %v, want one of kind %d", err, kind)
	}
}

func TestTheNoticeIsForAdministrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := pupils(t, d)
		s, _ := services(d)
		t.Run("of the district", func(t *testing.T) { wantCount(t, s, w.As(t, w.DistrictAdmin), w.Alpha.ID, 3) })
		t.Run("of the district, looking at a school", func(t *testing.T) {
			wantCount(t, s, w.As(t, w.DistrictAdmin), w.North.ID, 2)
		})
		t.Run("of the school", func(t *testing.T) { wantCount(t, s, w.As(t, w.SouthAdmin), w.South.ID, 1) })
		t.Run("also where the count is 0", func(t *testing.T) {
			empty := w.School(t, w.Alpha, "Empty School", "0")
			wantCount(t, s, w.As(t, w.DistrictAdmin), empty.ID, 0)
		})
		t.Run("and not for teachers", func(t *testing.T) {
			got, err := s.Unassigned(w.As(t, w.NorthTeacher), w.North.ID)
			if err != nil || got == nil || len(got) != 0 {
				t.Errorf("notifications %#v, %v; want an empty list", got, err)
			}
			_, err = s.CSV(w.As(t, w.NorthTeacher), new(bytes.Buffer), w.North.ID)
			wantKind(t, err, fault.Forbidden)
		})
		t.Run("and an organization outside of the purview does not exist", func(t *testing.T) {
			for _, id := range []int{w.South.ID, w.Alpha.ID, w.East.ID} {
				var file bytes.Buffer
				_, err := s.Unassigned(w.As(t, w.NorthAdmin), id)
				wantKind(t, err, fault.NotFound)
				_, err = s.CSV(w.As(t, w.NorthAdmin), &file, id)
				wantKind(t, err, fault.NotFound)
				if file.Len() > 0 {
					t.Error("a refused file was begun")
				}
			}
		})
	})
}

func TestNoticeReportAndFileAgree(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := pupils(t, d)
		s, u := services(d)
		for _, c := range []struct {
			name string
			ctx  context.Context
			org  *db.Organization
			want int
		}{
			{"for the district", w.As(t, w.DistrictAdmin), w.Alpha, 3},
			{"for a school of the district", w.As(t, w.DistrictAdmin), w.South, 1},
			{"for the school", w.As(t, w.NorthAdmin), w.North, 2},
		} {
			t.Run(c.name, func(t *testing.T) {
				wantCount(t, s, c.ctx, c.org.ID, c.want)
				r, err := u.Report(c.ctx, c.org.ID, usage.LastWeek, nil, nil, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				if row := r.Rows[len(r.Rows)-1]; !row.Ungrouped || row.Totals.ActiveStudents != c.want {
					t.Errorf("the report's row is %+v, want %d students", row, c.want)
				}
				var file bytes.Buffer
				rows, err := s.CSV(c.ctx, &file, c.org.ID)
				if err != nil || rows != c.want {
					t.Errorf("the file has %d rows, %v; want %d", rows, err, c.want)
				}
				if lines := strings.Count(file.String(), "\r\n"); lines != c.want+1 {
					t.Errorf("the file has %d lines, want %d and a header", lines, c.want)
				}
			})
		}
	})
}

func TestTheFileHoldsWhatAnUploadNeeds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		s, _ := services(d)
		w.North.Update().SetTimeZone("America/Los_Angeles").ExecX(fixture.System())
		zoe := w.Student(t, w.North, "Zoë", "=Núñez, M", 3659)
		zoe.Update().SetLastActiveAt(time.Date(2026, 11, 17, 5, 0, 0, 0, time.UTC)).SetGrade(0).ExecX(fixture.System())
		abe := w.Student(t, w.South, "Abe", "Adams", 60)

		var file bytes.Buffer
		if _, err := s.CSV(w.As(t, w.DistrictAdmin), &file, w.Alpha.ID); err != nil {
			t.Fatal(err)
		}
		text, marked := strings.CutPrefix(file.String(), "\uFEFF")
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if !marked || err != nil {
			t.Fatalf("byte order mark %v, %v", marked, err)
		}
		want := [][]string{
			{"Database ID", "Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School", "Classes/Groups", "Minutes", "Last Active"},
			{globalid.Encode(globalid.Student, zoe.ID), zoe.ExternalID, "Zoë", "'=Núñez, M", zoe.Username, "", "K", "North School", "", "60", "2026-11-16"},
			{globalid.Encode(globalid.Student, abe.ID), abe.ExternalID, "Abe", "Adams", abe.Username, "", "7", "South School", "", "1", ""},
		}
		if !slices.EqualFunc(rows, want, slices.Equal) {
			t.Errorf("rows\n%v, want\n%v", rows, want)
		}
	})
}

func TestTheListStreamsEveryStudentOnceInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		s, _ := services(d)
		const n = 2000
		addMany(t, w, n)
		var names []string
		seen := make(map[string]bool)
		batches := 0
		ctx, counter := database.WithCounter(w.As(t, w.NorthAdmin))
		err := s.EachUnassigned(ctx, w.North.ID, func(batch []notify.Row) error {
			// What happens meanwhile is not in the list.
			if batches++; batches == 1 {
				w.Student(t, w.North, "Late", "Zzz", 600)
				w.Client().Student.Update().SetUngrouped(0).ExecX(fixture.System())
			}
			if len(batch) > 1000 {
				t.Errorf("a batch of %d", len(batch))
			}
			for _, row := range batch {
				names = append(names, fold.SortName(row.LastName, row.FirstName))
				seen[row.DatabaseID] = true
			}
			return nil
		})
		if err != nil || len(names) != n || len(seen) != n || !slices.IsSorted(names) {
			t.Errorf("%d rows of %d students, in order: %v; %v", len(names), len(seen), slices.IsSorted(names), err)
		}
		if counter.Statements() > 4+3 {
			t.Errorf("%d statements for %d batches", counter.Statements(), batches)
		}
		t.Run("and stops at an error", func(t *testing.T) {
			full := fmt.Errorf("disk full")
			w.Client().Student.Update().SetUngrouped(1).ExecX(fixture.System())
			calls := 0
			err := s.EachUnassigned(w.As(t, w.NorthAdmin), w.North.ID, func([]notify.Row) error { calls++; return full })
			if !errors.Is(err, full) || calls != 1 {
				t.Errorf("%v after %d calls", err, calls)
			}
		})
	})
}

// addMany adds active students without a group to North; many share a name.
func addMany(t *testing.T, w *fixture.World, n int) {
	t.Helper()
	for start := 0; start < n; start += 200 {
		var creates []*db.StudentCreate
		for i := start; i < start+200; i++ {
			id, last := fmt.Sprintf("m%05d", i), fmt.Sprintf("Name%d", i%7)
			creates = append(creates, w.Client().Student.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).
				SetExternalID(id).SetUsername(id).SetUsernameKey(id).SetFirstName("Sam").SetLastName(last).
				SetSortName(fold.SortName(last, "Sam")).SetGrade(7).SetSecondsThisYear(60).SetActive(1))
		}
		w.Client().Student.CreateBulk(creates...).ExecX(fixture.System())
	}
}

func TestTheCountTakesTwoStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		s, _ := services(d)
		for _, n := range []int{0, 400} {
			addMany(t, w, n)
			ctx, counter := database.WithCounter(w.As(t, w.DistrictAdmin))
			if _, err := s.Unassigned(ctx, w.Alpha.ID); err != nil || counter.Statements() != 2 {
				t.Errorf("%d statements for %d students, %v", counter.Statements(), n, err)
			}
		}
	})
}
