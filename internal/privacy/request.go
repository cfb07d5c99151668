package privacy

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/erasure"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Request records that students are to be erased, deleted or not, and hides them for good:
// nobody sees or restores them any more. Their Student IDs and usernames stay reserved
// until they are erased. That happens in the background, because every job of the district
// has to be searched; see EraseNext. Only administrators of the school may ask for it. A
// refusal changes nothing. A second request for the same student returns the first
// erasure.
func (s *Service) Request(ctx context.Context, wanted []Confirmed, reference string) ([]*db.Erasure, error) {
	reference = roster.Clean(reference)
	switch n := utf8.RuneCountInString(reference); {
	case len(wanted) == 0:
		return nil, fault.Invalidf("choose at least one student").WithCode("REQUIRED").At("students")
	case len(wanted) > MaxErased:
		return nil, fault.Invalidf("erase at most %d students at once; you chose %d", MaxErased, len(wanted)).
			WithCode("TOO_MANY").At("students")
	case n == 0:
		return nil, fault.Invalidf("write the reason for the erasure, such as the number of a letter").
			WithCode("REQUIRED").At("reference")
	case n > maxReference:
		return nil, fault.Invalidf("the reference has %d characters; at most %d are allowed", n, maxReference).
			WithCode("TOO_LONG").At("reference")
	}
	ids := make([]int, len(wanted))
	for i, c := range wanted {
		ids[i] = c.ID
	}
	system := viewer.AsSystem(ctx, "erasure of students of schools that the viewer administers")
	students, err := s.db.Client(ctx).Student.Query().Where(student.IDIn(ids...)).All(system)
	if err != nil {
		return nil, err
	}
	if err := s.refuseToErase(ctx, wanted, students); err != nil {
		return nil, err
	}
	for _, st := range students {
		if names(reference, st) {
			return nil, fault.Invalidf("the reference stays on record, so it must not name the student").
				WithCode("PERSONAL_REFERENCE").At("reference")
		}
	}
	var list []*db.Erasure
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		list = nil
		system := viewer.AsSystem(ctx, "erasure of students of schools that the viewer administers")
		locked, err := roster.LockStudents(system, client, s.locks(), ids)
		if err != nil {
			return err
		}
		if err := s.refuseToErase(ctx, wanted, locked); err != nil {
			return err
		}
		var lost []*db.Student
		for _, st := range locked {
			if st.DeletedAt == nil || !setting.IsErasing(*st.DeletedAt) {
				lost = append(lost, st)
			}
			e, err := s.request(system, client, st, reference)
			if err != nil {
				return err
			}
			list = append(list, e)
		}
		return hold.Single(ctx, client, s.now(), setting.Holds, roster.Lost(lost, loss.VerbDELETED)...)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "the erasure of students was asked for", "students", len(list))
	s.wakeUp()
	return list, nil
}

// request hides one student, who is locked, and records the erasure. The reference is a
// text that somebody typed, so it is recorded as a detail; it is a detail about the
// school, and therefore stays.
func (s *Service) request(system context.Context, client *db.Client, st *db.Student,
	reference string) (*db.Erasure, error) {
	if st.DeletedAt != nil && setting.IsErasing(*st.DeletedAt) {
		return client.Erasure.Query().Where(erasure.StudentID(st.ID), erasure.StateNEQ(erasure.StateDONE)).Only(system)
	}
	pairs, err := roster.Enrolled(system, client, []int{st.ID})
	if err != nil {
		return nil, err
	}
	if _, err := roster.Unenroll(system, client, pairs); err != nil {
		return nil, err
	}
	if err := client.Student.UpdateOne(st).SetDeletedAt(setting.ErasingAt()).AddVersion(1).Exec(system); err != nil {
		return nil, err
	}
	who := audit.ActorOf(system)
	actor, err := json.Marshal(who)
	if err != nil {
		return nil, err
	}
	e, err := client.Erasure.Create().SetCreatedAt(s.instant()).SetDistrictID(st.DistrictID).
		SetOrganizationID(st.OrganizationID).SetStudentID(st.ID).
		SetReference(reference).SetActor(actor).SetRequestedBy(actorText(who)).SetEnrollments(len(pairs)).Save(system)
	if err != nil {
		return nil, err
	}
	entry := audit.Event{
		Action:         audit.ErasureRequested,
		DistrictID:     st.DistrictID,
		OrganizationID: st.OrganizationID,
		Target:         audit.On(globalid.Organization, st.OrganizationID),
		Facts:          audit.Facts{"student": globalid.Encode(globalid.Student, st.ID), "enrollments": len(pairs)},
	}
	entry.Changes.New("reference", reference)
	audit.Record(system, entry)
	return e, nil
}

// Erasure returns an erasure that the viewer may ask about: of a student of a school that
// the viewer administers. All others do not exist.
func (s *Service) Erasure(ctx context.Context, id int) (*db.Erasure, error) {
	e, err := s.db.Client(ctx).Erasure.Query().Where(erasure.ID(id)).
		Only(viewer.AsSystem(ctx, "an erasure; whether the viewer may see it is checked behind it"))
	if db.IsNotFound(err) || err == nil && !viewer.FromContext(ctx).Administers(e.OrganizationID, e.DistrictID) {
		return nil, errNoErasure
	}
	return e, err
}

var errNoErasure = fault.NotFoundf("there is no such erasure among those you may see").At("id")

// CertificateOf returns the certificate of a finished erasure, or nil.
func CertificateOf(e *db.Erasure) (*Certificate, error) {
	if e.State != erasure.StateDONE || len(e.Certificate) == 0 {
		return nil, nil
	}
	c := &Certificate{OrganizationKey: e.OrganizationID}
	return c, json.Unmarshal(e.Certificate, c)
}

// Erase is Request followed by the work until the certificates exist. It is for commands.
// progress is called with the number of jobs that were searched, and may be nil.
func (s *Service) Erase(ctx context.Context, wanted []Confirmed, reference string,
	progress func(done, total int)) ([]Certificate, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	requested, err := s.Request(ctx, wanted, reference)
	if err != nil {
		return nil, err
	}
	return s.await(ctx, erasureIDs(requested), progress)
}

// actorText describes who asked, as the audit trail does.
func actorText(a audit.Actor) string {
	switch {
	case a.Kind == audit.Educator:
		return strings.TrimSpace(globalid.Encode(globalid.Educator, a.ID) + " " + a.Roles)
	case a.Label != "":
		return string(a.Kind) + " " + a.Label
	default:
		return string(a.Kind)
	}
}

func erasureIDs(list []*db.Erasure) []int {
	ids := make([]int, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	slices.Sort(ids)
	return ids
}
