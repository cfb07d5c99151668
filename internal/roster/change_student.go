package roster

import (
	"context"
	"fmt"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/student"
	"homeroom/ent/rule"
	"homeroom/internal/database"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/setting"
	"homeroom/internal/viewer"
)

// NewStudent is what a student is created from.
type NewStudent struct {
	OrganizationID                            int
	ExternalID, FirstName, LastName, Username string
	Password                                  *string
	Grade                                     string
	GroupIDs                                  []int
}

// StudentChange is what of a student changes; nil leaves a field as it is.
type StudentChange struct {
	ID                                        int
	OrganizationID                            *int
	ExternalID, FirstName, LastName, Username *string
	Password                                  *string
	Grade                                     *string
}

// CreateStudent creates a student, or brings a deleted one with the same Student
// ID back, in which case the given values win and the usage is there again.
func (s *Service) CreateStudent(ctx context.Context, in NewStudent) (*db.Student, error) {
	client := s.db.Client(ctx)
	v := viewer.FromContext(ctx)
	school, err := s.school(ctx, client, in.OrganizationID)
	if err != nil {
		return nil, err
	}
	ch := StudentChange{ExternalID: &in.ExternalID, FirstName: &in.FirstName, LastName: &in.LastName,
		Username: &in.Username, Password: in.Password, Grade: &in.Grade}
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
			refusals = append(refusals, fault.Invalidf("a new student of %s needs a password", school.Name).WithCode("REQUIRED").At("password"))
		}
	}
	if !v.Administers(school.ID, school.DistrictID) && len(in.GroupIDs) == 0 {
		refusals = append(refusals, fault.Invalidf("choose one of your classes or groups for the student").WithCode("GROUP_REQUIRED").At("groupIds"))
	}
	if len(refusals) > 0 {
		return nil, refusals
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
		if err := s.join(ctx, client, st.ID, in.GroupIDs); err != nil {
			return err
		}
		recordNewStudent(ctx, st, deleted, in.GroupIDs, hash != "")
		return nil
	})
	if err != nil {
		return nil, taken(err)
	}
	return s.Student(ctx, id)
}

// Student returns a student of the purview.
func (s *Service) Student(ctx context.Context, id int) (*db.Student, error) {
	st, err := s.db.Client(ctx).Student.Get(ctx, id)
	if db.IsNotFound(err) {
		return nil, ErrNoStudent
	}
	return st, err
}

// join enrolls a student who has just been created in groups of the purview.
func (s *Service) join(ctx context.Context, client *db.Client, studentID int, groupIDs []int) error {
	if len(groupIDs) == 0 {
		return nil
	}
	if len(groupIDs) > MaxGroupsAtOne {
		return fault.Invalidf("at most %d classes or groups can be chosen at once", MaxGroupsAtOne).WithCode("TOO_MANY").At("groupIds")
	}
	var refusals Refusals
	groups, err := s.lockGroups(ctx, client, groupIDs, &refusals)
	if err != nil {
		return err
	}
	if len(refusals) > 0 {
		return refusals
	}
	var pairs []Pair
	for _, g := range groups {
		pairs = append(pairs, Pair{studentID, g.ID})
	}
	_, err = Enroll(ctx, client, pairs)
	return err
}

// insert writes a new student, or revives the deleted one with that Student ID,
// which it then returns as it was.
func (s *Service) insert(ctx context.Context, client *db.Client, school *db.Organization, ch StudentChange, hash string) (_, deleted *db.Student, err error) {
	deleted, err = client.Student.Query().
		Where(student.DistrictID(school.DistrictID), student.ExternalID(*ch.ExternalID), student.DeletedAtNotNil()).
		Only(viewer.AsSystem(ctx, "look for a deleted student to revive"))
	if err != nil && !db.IsNotFound(err) {
		return nil, nil, err
	}
	g, _ := CheckGrade(*ch.Grade)
	if deleted != nil {
		st, err := s.revive(ctx, client, school, deleted, ch, hash)
		return st, deleted, err
	}
	create := client.Student.Create().SetDistrictID(school.DistrictID).SetOrganizationID(school.ID).
		SetExternalID(*ch.ExternalID).SetUsername(*ch.Username).SetUsernameKey(fold.Key(*ch.Username)).
		SetFirstName(*ch.FirstName).SetLastName(*ch.LastName).SetSortName(fold.SortName(*ch.LastName, *ch.FirstName)).SetGrade(g)
	if hash != "" {
		create.SetPasswordHash(hash)
	}
	st, err := create.Save(ctx)
	if err != nil {
		return nil, nil, err
	}
	return st, nil, WriteWords(ctx, client, []*db.Student{st}, true)
}

// revive brings a deleted student back. Only who administers the school where
// the student was may do it; for everybody else the Student ID is taken.
func (s *Service) revive(ctx context.Context, client *db.Client, school *db.Organization, st *db.Student, ch StudentChange, hash string) (*db.Student, error) {
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
	g, _ := CheckGrade(*ch.Grade)
	update := client.Student.UpdateOne(st).SetOrganizationID(school.ID).ClearDeletedAt().AddVersion(1).
		SetUsername(*ch.Username).SetUsernameKey(fold.Key(*ch.Username)).
		SetFirstName(*ch.FirstName).SetLastName(*ch.LastName).SetSortName(fold.SortName(*ch.LastName, *ch.FirstName)).SetGrade(g)
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
	// The groups are those that were asked for, not those of the past.
	if err := ForgetFormer(ctx, client, []int{st.ID}); err != nil {
		return nil, err
	}
	return st, s.recount(ctx, client, []int{st.ID})
}

// UpdateStudent changes a student whom the viewer may edit.
func (s *Service) UpdateStudent(ctx context.Context, ch StudentChange) (*db.Student, error) {
	st, err := s.Student(ctx, ch.ID)
	if err != nil {
		return nil, ErrNoStudent.At("id")
	}
	hash, err := s.hashed(ctx, ch.Password)
	if err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		return s.update(ctx, client, st.ID, ch, hash)
	})
	if err != nil {
		return nil, taken(err)
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
		return fault.Forbiddenf("assign %s %s to one of your classes or groups before you make changes", st.FirstName, st.LastName).At("id")
	}
	if st.Synced == 1 && (ch.OrganizationID != nil || ch.ExternalID != nil || ch.FirstName != nil || ch.LastName != nil || ch.Username != nil || ch.Grade != nil) {
		return syncedStudent(st).At("id")
	}
	school, err := client.Organization.Get(viewer.AsSystem(ctx, "settings of the student's school"), st.OrganizationID)
	if err != nil {
		return err
	}
	moves := ch.OrganizationID != nil && *ch.OrganizationID != st.OrganizationID
	if moves {
		if school, err = s.school(ctx, client, *ch.OrganizationID); err != nil {
			return err
		}
		if !v.Administers(school.ID, school.DistrictID) || !v.Administers(st.OrganizationID, st.DistrictID) || school.DistrictID != st.DistrictID {
			return fault.Forbiddenf("only an administrator of both schools moves a student").At("organizationId")
		}
	}
	refusals, err := s.check(ctx, client, school, &ch)
	if err != nil {
		return err
	}
	if len(refusals) > 0 {
		return refusals
	}
	return s.write(ctx, client, st, ch, hash, moves)
}

func (s *Service) write(ctx context.Context, client *db.Client, st *db.Student, ch StudentChange, hash string, moves bool) error {
	u := client.Student.UpdateOne(st).AddVersion(1)
	first, last := st.FirstName, st.LastName
	if ch.FirstName != nil {
		first = *ch.FirstName
	}
	if ch.LastName != nil {
		last = *ch.LastName
	}
	u.SetFirstName(first).SetLastName(last).SetSortName(fold.SortName(last, first))
	if ch.ExternalID != nil {
		u.SetExternalID(*ch.ExternalID)
	}
	if ch.Username != nil {
		u.SetUsername(*ch.Username).SetUsernameKey(fold.Key(*ch.Username))
	}
	if ch.Grade != nil {
		g, _ := CheckGrade(*ch.Grade)
		u.SetGrade(g)
	}
	if hash != "" {
		u.SetPasswordHash(hash)
	}
	if moves {
		u.SetOrganizationID(*ch.OrganizationID)
	}
	changed, err := u.Save(ctx)
	if err != nil {
		return err
	}
	recordStudentUpdate(ctx, st, changed, hash != "")
	if err := WriteWords(ctx, client, []*db.Student{changed}, false); err != nil {
		return err
	}
	if moves {
		return s.recount(ctx, client, []int{st.ID})
	}
	return nil
}

// DeleteStudents hides students and takes them out of their groups. Only
// administrators delete; a refusal changes nothing.
func (s *Service) DeleteStudents(ctx context.Context, ids []int) error {
	if len(ids) == 0 {
		return fault.Invalidf("choose at least one student").WithCode("REQUIRED").At("studentIds")
	}
	if len(ids) > MaxSelection {
		return fault.Invalidf("at most %d students can be chosen at once; %d were", MaxSelection, len(ids)).WithCode("TOO_MANY").At("studentIds")
	}
	v := viewer.FromContext(ctx)
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		students, err := LockStudents(ctx, client, s.locks(), ids)
		if err != nil {
			return err
		}
		refusals := Refusals(missing(ids, students, func(st *db.Student) int { return st.ID }, ErrNoStudent, "studentIds"))
		position := map[int]int{}
		for i, id := range ids {
			position[id] = i
		}
		for _, st := range students {
			switch {
			case !v.Administers(st.OrganizationID, st.DistrictID):
				refusals = append(refusals, fault.Forbiddenf("only administrators delete students").At("studentIds", position[st.ID]))
			case st.Synced == 1:
				refusals = append(refusals, syncedStudent(st).At("studentIds", position[st.ID]))
			}
		}
		if len(refusals) > 0 {
			return refusals
		}
		pairs, err := Enrolled(ctx, client, ids)
		if err != nil {
			return err
		}
		if _, err := Unenroll(ctx, client, pairs); err != nil {
			return err
		}
		if err := KeepFormer(ctx, client, pairs); err != nil {
			return err
		}
		n, err := client.Student.Update().Where(student.IDIn(ids...)).
			SetDeletedAt(s.now().UTC().Truncate(time.Microsecond)).AddVersion(1).Save(ctx)
		if err == nil && n != len(students) {
			err = fmt.Errorf("hid %d of %d students", n, len(students))
		}
		if err == nil {
			recordDeletion(ctx, students, pairs)
		}
		return err
	})
}

// check cleans the given fields in place and returns what is wrong with them.
func (s *Service) check(ctx context.Context, client *db.Client, school *db.Organization, ch *StudentChange) (Refusals, error) {
	var refusals Refusals
	text := func(field string, value *string, check func(string) *fault.Error) {
		if value == nil {
			return
		}
		*value = Clean(*value)
		if err := check(*value); err != nil {
			refusals = append(refusals, err.At(field))
		}
	}
	text("externalId", ch.ExternalID, CheckExternalID)
	text("firstName", ch.FirstName, func(v string) *fault.Error { return CheckName(v, "first name", MaxName) })
	text("lastName", ch.LastName, func(v string) *fault.Error { return CheckName(v, "last name", MaxName) })
	text("username", ch.Username, CheckUsername)
	text("grade", ch.Grade, func(v string) *fault.Error { _, err := CheckGrade(v); return err })
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
	errExternalIDTaken = fault.Invalidf("the Student ID is taken in the district; deleted students keep theirs until their data are erased").WithCode("EXTERNAL_ID_TAKEN").At("externalId")
	errUsernameTaken   = fault.Invalidf("the username is taken in the district; deleted students keep theirs until their data are erased").WithCode("USERNAME_TAKEN").At("username")
)

// taken turns what a unique index says into words.
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
