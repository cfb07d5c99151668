package usage

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Record counts events of students of an organization: a district, or one of its schools.
// Administrators of the organization may call it, and service keys with the scope
// USAGE_WRITE. A teacher of the organization gets FORBIDDEN, and everybody else NOT_FOUND.
//
// If anything is wrong with any event, the problems name everything that is wrong, and
// nothing is written. Otherwise each event is either accepted or a duplicate: its ID was
// counted before, or occurs earlier in the same call.
func (s *Service) Record(ctx context.Context, organizationID int, events []Event) (accepted, duplicates int,
	problems []*fault.Error, err error) {
	org, err := s.organization(ctx, organizationID)
	if err != nil {
		return 0, 0, nil, err
	}
	if v := viewer.FromContext(ctx); !v.Administers(org.ID, org.DistrictID) &&
		!v.Holds(viewer.UsageWrite, org.ID, org.DistrictID) {
		return 0, 0, nil, fault.Forbiddenf("only administrators of the organization and its learning products can record " +
			"usage")
	}
	if len(events) > MaxEvents {
		return 0, 0,
			[]*fault.Error{fault.Invalidf("send at most %d events in one call, not %d", MaxEvents, len(events)).At("events")},
			nil
	}
	if len(events) == 0 {
		return 0, 0, nil, nil
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		r := &recording{service: s, client: client, org: org, events: events, now: database.Instant(s.now())}
		accepted, duplicates, problems = 0, 0, nil
		bad, err := r.prepare(ctx)
		if err != nil || len(bad) > 0 {
			problems = bad
			return err
		}
		fresh, err := r.write(viewer.AsSystem(ctx, "usage of students that the caller administers"))
		if err != nil {
			return err
		}
		accepted, duplicates = fresh, len(events)-fresh
		audit.Record(ctx, audit.Event{Action: audit.UsageRecorded, DistrictID: org.DistrictID, OrganizationID: org.ID,
			Target: audit.On(globalid.Organization, org.ID),
			Facts:  audit.Facts{"accepted": accepted, "duplicates": duplicates, "students": len(r.students)}})
		return nil
	})
	if err != nil {
		return 0, 0, nil, err
	}
	return accepted, duplicates, problems, nil
}

// recording is one call of Record, inside its transaction.
type recording struct {
	service *Service
	client  *db.Client
	org     *db.Organization
	events  []Event
	now     time.Time

	// prepare finds and locks these: students by external ID and by key, schools and their
	// settings by key.
	byExternalID map[string]*db.Student
	students     map[int]*db.Student
	schools      map[int]*db.Organization
	settings     map[int]setting.Settings
}

// prepare checks the events. It locks their schools, so that what counts does not change,
// and then their students. Which schools these are is known from the students; if a
// student has moved in between, it starts again.
func (r *recording) prepare(ctx context.Context) ([]*fault.Error, error) {
	const rounds = 5
	for range rounds {
		if err := r.find(ctx); err != nil {
			return nil, err
		}
		if bad := r.check(); len(bad) > 0 {
			return bad, nil
		}
		asSystem := viewer.AsSystem(ctx, "locks on what the caller administers")
		if err := r.lockSchools(asSystem); err != nil {
			return nil, err
		}
		if same, err := r.lockStudents(asSystem); err != nil || same {
			return nil, err
		}
	}
	return nil, fault.Unavailablef("students are moving between schools at the moment; send the events again").After(1)
}

// within selects the students of the organization who are not deleted.
func within(org *db.Organization) predicate.Student {
	if org.Type == organization.TypeDISTRICT {
		return student.And(student.DistrictID(org.ID), student.DeletedAtIsNil())
	}
	return student.And(student.OrganizationID(org.ID), student.DeletedAtIsNil())
}

// find reads the students of the events. The caller may know of all students of the
// organization: administrators see them, and a service key, which sees no student, is told
// only whether somebody has a Student ID.
func (r *recording) find(ctx context.Context) error {
	ids := make([]string, len(r.events))
	for i, e := range r.events {
		ids[i] = e.StudentExternalID
	}
	slices.Sort(ids)
	found, err := r.client.Student.Query().
		Where(within(r.org), student.DistrictID(r.org.DistrictID), student.ExternalIDIn(slices.Compact(ids)...)).
		Select(student.FieldID, student.FieldExternalID, student.FieldOrganizationID).
		All(viewer.AsSystem(ctx, "students of an organization whose usage the caller records"))
	if err != nil {
		return err
	}
	r.byExternalID = make(map[string]*db.Student, len(found))
	for _, st := range found {
		r.byExternalID[st.ExternalID] = st
	}
	return nil
}

func (r *recording) check() []*fault.Error {
	var bad []*fault.Error
	for i, e := range r.events {
		bad = append(bad, e.problems(i, r.now)...)
		if r.byExternalID[e.StudentExternalID] == nil {
			bad = append(bad, fault.Invalidf("the organization has no student with this Student ID").
				WithCode(UnknownStudent).At("events", i, "studentExternalId"))
		}
	}
	return bad
}

// lockSchools keeps Recount from changing what counts in a school until the transaction
// ends. Several recordings can hold these locks at once.
func (r *recording) lockSchools(ctx context.Context) error {
	var ids []int
	for _, st := range r.byExternalID {
		ids = append(ids, st.OrganizationID)
	}
	q := r.client.Organization.Query().Where(organization.IDIn(sortedIDs(ids)...)).Order(organization.ByID())
	q.Modify(share)
	schools, err := q.All(ctx)
	if err != nil {
		return err
	}
	r.schools = make(map[int]*db.Organization, len(schools))
	for _, school := range schools {
		r.schools[school.ID] = school
	}
	r.settings, err = r.service.settings(ctx, schools)
	return err
}

// lockStudents locks the students in the order of their keys. It reports whether all of
// them are still where find saw them.
func (r *recording) lockStudents(ctx context.Context) (bool, error) {
	var ids []int
	for _, st := range r.byExternalID {
		ids = append(ids, st.ID)
	}
	q := r.client.Student.Query().Where(student.IDIn(sortedIDs(ids)...), within(r.org)).Order(student.ByID())
	q.Modify(exclusive)
	locked, err := q.Select(student.FieldID, student.FieldOrganizationID, student.FieldExternalID,
		student.FieldSecondsThisYear, student.FieldActive, student.FieldLastActiveAt).All(ctx)
	if err != nil {
		return false, err
	}
	r.students = make(map[int]*db.Student, len(locked))
	for _, st := range locked {
		before := r.byExternalID[st.ExternalID]
		if before == nil || before.ID != st.ID || r.schools[st.OrganizationID] == nil {
			return false, nil
		}
		r.students[st.ID] = st
	}
	return len(locked) == len(r.byExternalID), nil
}

// write counts the new events and returns how many there are.
func (r *recording) write(ctx context.Context) (int, error) {
	products, err := r.registerProducts(ctx)
	if err != nil {
		return 0, err
	}
	fresh, err := r.claim(ctx)
	if err != nil || len(fresh) == 0 {
		return 0, err
	}
	days := make(map[dayKey]int)
	touched := make(map[int]*db.Student)
	for _, e := range fresh {
		st := r.students[r.byExternalID[e.StudentExternalID].ID]
		day := calendar.DayOf(e.StartedAt, r.settings[st.OrganizationID].TimeZone)
		days[dayKey{st.ID, day, products[e.ProductCode]}] += e.Seconds
		if day >= r.schools[st.OrganizationID].UsageCountedFrom {
			st.SecondsThisYear += e.Seconds
		}
		started := database.Instant(e.StartedAt)
		if st.LastActiveAt == nil || st.LastActiveAt.Before(started) {
			st.LastActiveAt = &started
		}
		touched[st.ID] = st
	}
	if err := r.addDays(ctx, days); err != nil {
		return 0, err
	}
	return len(fresh), r.saveStudents(ctx, touched)
}

func (r *recording) mysql() bool { return r.service.db.Kind() == database.MySQL }
