package roster

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// NewStudent is the input of CreateStudent.
type NewStudent struct {
	OrganizationID                            int
	ExternalID, FirstName, LastName, Username string
	Password                                  *string
	Grade                                     string
	GroupIDs                                  []int
}

// CreateStudent creates a student. If a deleted student has the same Student ID, it
// revives that one instead: the new values replace the old ones, and the usage is still
// there.
func (s *Service) CreateStudent(ctx context.Context, in NewStudent) (*db.Student, error) {
	client := s.db.Client(ctx)
	v := viewer.FromContext(ctx)
	school, err := s.school(ctx, client, in.OrganizationID)
	if err != nil {
		return nil, err
	}
	ch := in.change()
	refusals, err := s.check(ctx, client, school, &ch)
	if err != nil {
		return nil, err
	}
	if in.Password == nil {
		set, err := s.settings(ctx, client, school)
		if err != nil {
			return nil, err
		}
		if set.PasswordRequired {
			refusals = append(refusals,
				fault.Invalidf("a new student of %s needs a password", school.Name).WithCode("REQUIRED").At("password"))
		}
	}
	if !v.Administers(school.ID, school.DistrictID) && len(in.GroupIDs) == 0 {
		refusals = append(refusals,
			fault.Invalidf("choose one of your classes or groups for the student").WithCode("GROUP_REQUIRED").At("groupIds"))
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	if err := s.probes.Ask(ctx, school.DistrictID, v.SubmitterID()); err != nil {
		return nil, err
	}
	hash, err := s.hashed(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	var id int
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		st, deleted, err := s.insert(ctx, client, school, ch, hash)
		if err != nil {
			return err
		}
		id = st.ID
		if err := s.join(ctx, client, st, in.GroupIDs); err != nil {
			return err
		}
		recordNewStudent(ctx, st, deleted, in.GroupIDs, hash != "")
		if deleted == nil || hold.Returns(s.now(), deleted.DeletedAt) {
			return nil
		}
		// The new values replace the current ones, and perhaps the school as well.
		lost := loss.VerbCHANGED
		if deleted.OrganizationID != st.OrganizationID {
			lost = loss.VerbLEFT
		}
		return s.hold(ctx, client, Lost([]*db.Student{deleted}, lost)...)
	})
	if err != nil {
		return nil, s.answer(ctx, school.DistrictID, ch, taken(err))
	}
	return s.Student(ctx, id)
}

// join enrolls a new student in groups of the student's school that the viewer sees.
func (s *Service) join(ctx context.Context, client *db.Client, st *db.Student, groupIDs []int) error {
	if len(groupIDs) == 0 {
		return nil
	}
	if len(groupIDs) > MaxGroupsAtOne {
		return fault.Invalidf("choose at most %d classes or groups at once", MaxGroupsAtOne).
			WithCode("TOO_MANY").At("groupIds")
	}
	var refusals Refusals
	groups, err := s.lockGroups(ctx, client, groupIDs, &refusals)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.OrganizationID != st.OrganizationID {
			refusals = append(refusals, studentElsewhere(st, g.Name).At("groupIds", slices.Index(groupIDs, g.ID)))
		}
	}
	if len(refusals) > 0 {
		return refusals
	}
	var pairs []Pair
	for _, g := range groups {
		pairs = append(pairs, Pair{st.ID, g.ID})
	}
	_, err = Enroll(ctx, client, pairs)
	return err
}

// insert writes a new student, or revives the deleted student with the same Student ID. It
// returns a revived student as it was before.
func (s *Service) insert(ctx context.Context, client *db.Client, school *db.Organization, ch StudentChange,
	hash string) (_, deleted *db.Student, err error) {
	deleted, err = client.Student.Query().
		Where(student.DistrictID(school.DistrictID), student.ExternalID(*ch.ExternalID), student.DeletedAtNotNil()).
		Only(viewer.AsSystem(ctx, "look for a deleted student to revive"))
	if err != nil && !db.IsNotFound(err) {
		return nil, nil, err
	}
	if deleted != nil {
		st, err := s.revive(ctx, client, school, deleted, ch, hash)
		return st, deleted, err
	}
	create := client.Student.Create().SetCreatedAt(database.Instant(s.now())).SetDistrictID(school.DistrictID).
		SetOrganizationID(school.ID)
	if err := setFields(create.Mutation(), StudentFields, nil, ch.changed); err != nil {
		return nil, nil, err
	}
	if hash != "" {
		create.SetPasswordHash(hash)
	}
	st, err := create.Save(ctx)
	if err != nil {
		return nil, nil, err
	}
	return st, nil, WriteWords(ctx, client, []*db.Student{st}, true)
}

// revive brings a deleted student back. Only an administrator of the student's school may
// do so; for everybody else the Student ID is taken.
func (s *Service) revive(ctx context.Context, client *db.Client, school *db.Organization, st *db.Student,
	ch StudentChange, hash string) (*db.Student, error) {
	v := viewer.FromContext(ctx)
	if !v.Administers(st.OrganizationID, st.DistrictID) || !v.Administers(school.ID, school.DistrictID) {
		return nil, errExternalIDTaken
	}
	was, err := setting.ByID(ctx, client, s.now(), st.OrganizationID)
	if err != nil {
		return nil, err
	}
	if !was[st.OrganizationID].Reserves(*st.DeletedAt, s.now()) {
		return nil, errExternalIDTaken
	}
	update := client.Student.UpdateOne(st).SetOrganizationID(school.ID).ClearDeletedAt().AddVersion(1)
	if hold.Returns(s.now(), st.DeletedAt) {
		update.SetReturnedAt(database.Instant(s.now())).SetGoneAt(*st.DeletedAt)
	}
	if st.OrganizationID != school.ID {
		if err := s.moves(ctx, client, st, school.ID, update.Mutation()); err != nil {
			return nil, err
		}
	}
	if err := setFields(update.Mutation(), StudentFields, st, ch.changed); err != nil {
		return nil, err
	}
	if hash != "" {
		update.SetPasswordHash(hash)
	} else {
		update.ClearPasswordHash()
	}
	st, err = update.Save(viewer.AsSystem(ctx, "revive a student of the purview"))
	if err != nil {
		return nil, err
	}
	if err := WriteWords(ctx, client, []*db.Student{st}, false); err != nil {
		return nil, err
	}
	// The student joins the groups of the request, not the former ones.
	if err := ForgetFormer(ctx, client, []int{st.ID}); err != nil {
		return nil, err
	}
	return st, s.recount(ctx, client, []int{st.ID})
}
