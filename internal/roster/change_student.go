package roster

import (
	"cmp"
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// StudentChange is the input of UpdateStudent. A nil field stays as it is.
type StudentChange struct {
	ID                                        int
	OrganizationID                            *int
	ExternalID, FirstName, LastName, Username *string
	Password                                  *string
	Grade                                     *string
}

// Student returns a student whom the viewer sees.
func (s *Service) Student(ctx context.Context, id int) (*db.Student, error) {
	st, err := s.db.Client(ctx).Student.Get(ctx, id)
	if db.IsNotFound(err) {
		return nil, ErrNoStudent
	}
	return st, err
}

// UpdateStudent changes a student whom the viewer may edit. A student who goes to another
// school leaves the groups of all others.
func (s *Service) UpdateStudent(ctx context.Context, ch StudentChange) (*db.Student, error) {
	st, err := s.Student(ctx, ch.ID)
	if err != nil {
		return nil, ErrNoStudent.At("id")
	}
	if ch.ExternalID != nil && Clean(*ch.ExternalID) != st.ExternalID ||
		ch.Username != nil && fold.Key(Clean(*ch.Username)) != st.UsernameKey {
		if err := s.probes.Ask(ctx, st.DistrictID, viewer.FromContext(ctx).SubmitterID()); err != nil {
			return nil, err
		}
	}
	hash, err := s.hashed(ctx, ch.Password)
	if err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		return s.update(ctx, client, st.ID, ch, hash)
	})
	if err != nil {
		return nil, s.answer(ctx, st.DistrictID, ch, taken(err))
	}
	return s.Student(ctx, ch.ID)
}

func (s *Service) update(ctx context.Context, client *db.Client, id int, ch StudentChange, hash string) error {
	v := viewer.FromContext(ctx)
	locked, err := LockStudents(ctx, client, s.locks(), []int{id})
	if err != nil {
		return err
	}
	if len(locked) == 0 {
		return ErrNoStudent.At("id")
	}
	st := locked[0]
	editable, err := client.Student.Query().Where(student.ID(id), rule.StudentsEdited(v)).Exist(ctx)
	if err != nil {
		return err
	}
	if !editable {
		return fault.Forbiddenf("add %s %s to one of your classes or groups before you make changes", st.FirstName,
			st.LastName).At("id")
	}
	if st.Synced == 1 && ch.changesValues() {
		return syncedStudent(st).At("id")
	}
	school, err := client.Organization.Get(viewer.AsSystem(ctx, "settings of the student's school"), st.OrganizationID)
	if err != nil {
		return err
	}
	moves := ch.OrganizationID != nil && *ch.OrganizationID != st.OrganizationID
	var left []Pair
	if moves {
		if school, err = s.school(ctx, client, *ch.OrganizationID); err != nil {
			return err
		}
		if !v.Administers(school.ID, school.DistrictID) || !v.Administers(st.OrganizationID, st.DistrictID) ||
			school.DistrictID != st.DistrictID {
			return fault.Forbiddenf("only an administrator of both schools can move a student").At("organizationId")
		}
		if left, err = s.leaving(ctx, client, st, school.ID); err != nil {
			return err
		}
	}
	refusals, err := s.check(ctx, client, school, &ch)
	if err != nil {
		return err
	}
	if len(refusals) > 0 {
		return refusals
	}
	return s.write(ctx, client, st, ch, hash, moves, left)
}

func (s *Service) write(ctx context.Context, client *db.Client, st *db.Student, ch StudentChange, hash string,
	moves bool, left []Pair) error {
	if _, err := Unenroll(ctx, client, left); err != nil {
		return err
	}
	u := client.Student.UpdateOne(st).AddVersion(1)
	if err := setFields(u.Mutation(), StudentFields, st, ch.changed); err != nil {
		return err
	}
	if hash != "" {
		u.SetPasswordHash(hash)
	}
	if moves {
		if err := s.moves(ctx, client, st, *ch.OrganizationID, u.Mutation()); err != nil {
			return err
		}
	}
	changed, err := u.Save(ctx)
	if err != nil {
		return err
	}
	recordStudentUpdate(ctx, st, changed, hash != "", left)
	if err := WriteWords(ctx, client, []*db.Student{changed}, false); err != nil {
		return err
	}
	lost := loss.VerbCHANGED
	if moves {
		if lost = loss.VerbLEFT; s.recount != nil {
			if err := s.recount(ctx, client, []int{st.ID}); err != nil {
				return err
			}
		}
	}
	if len(studentChanges(st, changed)) == 0 && hash == "" {
		return nil
	}
	return s.hold(ctx, client, Lost([]*db.Student{st}, lost)...)
}

// moves gives a locked student another school; see hold.Moved.
func (s *Service) moves(ctx context.Context, client *db.Client, st *db.Student, to int, m *db.StudentMutation) error {
	came, err := hold.Moved(ctx, client, s.now(),
		hold.Move{StudentID: st.ID, From: st.OrganizationID, To: to, CameAt: st.MovedAt})
	if err != nil {
		return err
	}
	m.SetOrganizationID(to)
	if m.ClearMovedAt(); came[st.ID] != nil {
		m.SetMovedAt(*came[st.ID])
	}
	return nil
}

// check cleans the given fields in place and returns what is wrong with them.
func (s *Service) check(ctx context.Context, client *db.Client, school *db.Organization,
	ch *StudentChange) (Refusals, error) {
	var refusals Refusals
	checkFields(studentValues, ch.changed, &refusals)
	if ch.Password != nil {
		set, err := s.settings(ctx, client, school)
		if err != nil {
			return nil, err
		}
		if err := CheckPassword(*ch.Password, set.PasswordMinLength); err != nil {
			refusals = append(refusals, err.At("password"))
		}
	}
	return refusals, nil
}

func (s *Service) hashed(ctx context.Context, password *string) (string, error) {
	if password == nil {
		return "", nil
	}
	return s.hash(ctx, *password)
}

var (
	errExternalIDTaken = fault.Invalidf(
		"another student in the district has this Student ID; deleted students keep theirs until their data is erased").
		WithCode("EXTERNAL_ID_TAKEN").At("externalId")
	errUsernameTaken = fault.Invalidf(
		"another student in the district has this username; deleted students keep theirs until their data is erased").
		WithCode("USERNAME_TAKEN").At("username")
)

// taken turns a violation of a unique index into an error for people.
func taken(err error) error {
	switch {
	case !database.IsDuplicate(err):
		return err
	case database.Violates(err, "username_key"):
		return errUsernameTaken
	default:
		return errExternalIDTaken
	}
}

// answer counts the answers that reveal that somebody whom the viewer does not see has an
// ID or username. After too many of them it gives another answer. Students whom the viewer
// administers do not count, deleted or not, because they are no secret.
func (s *Service) answer(ctx context.Context, districtID int, ch StudentChange, err error) error {
	var has predicate.Student
	switch f := fault.From(err); {
	case f == nil:
		return err
	case f.Code == errUsernameTaken.Code && ch.Username != nil:
		has = student.UsernameKey(fold.Key(Clean(*ch.Username)))
	case f.Code == errExternalIDTaken.Code && ch.ExternalID != nil:
		has = student.ExternalID(Clean(*ch.ExternalID))
	default:
		return err
	}
	client := s.db.Client(ctx)
	owner, find := client.Student.Query().Where(student.DistrictID(districtID), has).
		Only(viewer.AsSystem(ctx, "who has an ID or username; nobody is shown it"))
	switch {
	case db.IsNotFound(find): // The student who had it has just been removed.
		return err
	case find != nil:
		return find
	case viewer.FromContext(ctx).Administers(owner.OrganizationID, owner.DistrictID):
		return err
	}
	seen, find := client.Student.Query().Where(student.ID(owner.ID)).Exist(ctx)
	if find != nil || seen {
		return cmp.Or(find, err)
	}
	return cmp.Or(s.probes.Answer(ctx, districtID), err)
}
