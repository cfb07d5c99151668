package roster

import (
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// NewGroup is the input of CreateGroup.
type NewGroup struct {
	OrganizationID          int
	Name                    string
	ExternalID              *string
	EducatorIDs, StudentIDs []int
}

// GroupChange is the input of UpdateGroup. A nil field stays as it is.
type GroupChange struct {
	ID int
	// An empty ExternalID removes the one that is there.
	Name, ExternalID *string
	// EducatorIDs replaces the educators of the group, unless it is nil.
	EducatorIDs []int
}

// Group returns a group that the viewer sees.
func (s *Service) Group(ctx context.Context, id int) (*db.Group, error) {
	g, err := s.db.Client(ctx).Group.Get(ctx, id)
	if db.IsNotFound(err) {
		return nil, ErrNoGroup
	}
	return g, err
}

// CreateGroup creates a group at a school, with educators whom the viewer sees and students
// of the school whom the viewer sees. A teacher who creates a group teaches it.
func (s *Service) CreateGroup(ctx context.Context, in NewGroup) (*db.Group, error) {
	v := viewer.FromContext(ctx)
	school, err := s.school(ctx, s.db.Client(ctx), in.OrganizationID)
	if err != nil {
		return nil, err
	}
	ch := GroupChange{Name: &in.Name, ExternalID: in.ExternalID}
	refusals := ch.check()
	if len(in.StudentIDs) > MaxSelection {
		refusals = append(refusals,
			fault.Invalidf("choose at most %d students at once; you chose %d", MaxSelection, len(in.StudentIDs)).
				WithCode("TOO_MANY").At("studentIds"))
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	educators := slices.Clone(in.EducatorIDs)
	if !v.Administers(school.ID, school.DistrictID) && !slices.Contains(educators, v.EducatorID) {
		educators = append(educators, v.EducatorID)
	}
	var created *db.Group
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		students, err := LockStudents(ctx, client, s.locks(), in.StudentIDs)
		if err != nil {
			return err
		}
		refusals := Refusals(missing(in.StudentIDs, students, func(st *db.Student) int {
			return st.ID
		}, ErrNoStudent, "studentIds"))
		refusals = append(refusals,
			refuseOtherSchool(students, []*db.Group{{OrganizationID: school.ID, Name: in.Name}}, in.StudentIDs)...)
		if err := s.seen(ctx, client, in.EducatorIDs, &refusals); err != nil {
			return err
		}
		if len(refusals) > 0 {
			return refusals
		}
		create := client.Group.Create().SetCreatedAt(database.Instant(s.now())).SetDistrictID(school.DistrictID).
			SetOrganizationID(school.ID)
		if err := setFields(create.Mutation(), GroupFields, nil, ch.changed); err != nil {
			return err
		}
		if created, err = create.Save(ctx); err != nil {
			return err
		}
		if err := s.teach(ctx, client, created, educators); err != nil {
			return err
		}
		var pairs []Pair
		for _, st := range students {
			pairs = append(pairs, Pair{st.ID, created.ID})
		}
		if _, err = Enroll(ctx, client, pairs); err != nil {
			return err
		}
		recordNewGroup(ctx, created, educators, in.StudentIDs)
		return nil
	})
	if err != nil {
		return nil, groupTaken(err)
	}
	return s.Group(ctx, created.ID)
}

// UpdateGroup changes a group that is not synced.
func (s *Service) UpdateGroup(ctx context.Context, ch GroupChange) (*db.Group, error) {
	if refusals := ch.check(); len(refusals) > 0 {
		return nil, refusals
	}
	v := viewer.FromContext(ctx)
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		g, err := s.lockGroup(ctx, client, ch.ID)
		if err != nil {
			return err
		}
		taught, err := teachersOf(ctx, client, g.ID)
		if err != nil {
			return err
		}
		if ch.EducatorIDs != nil {
			if !v.Administers(g.OrganizationID, g.DistrictID) && !slices.Contains(ch.EducatorIDs, v.EducatorID) {
				return fault.Forbiddenf("you cannot leave your own class or group; ask an administrator").At("educatorIds")
			}
			if err := s.replaceEducators(ctx, client, g, ch.EducatorIDs); err != nil {
				return err
			}
		}
		u := client.Group.UpdateOne(g).AddVersion(1)
		if err := setFields(u.Mutation(), GroupFields, g, ch.changed); err != nil {
			return err
		}
		changed, err := u.Save(ctx)
		if err != nil {
			return err
		}
		teach := taught
		if ch.EducatorIDs != nil {
			if teach, err = teachersOf(ctx, client, g.ID); err != nil {
				return err
			}
		}
		recordGroupUpdate(ctx, g, changed, taught, teach)
		left := slices.ContainsFunc(taught, func(id int) bool { return !slices.Contains(teach, id) })
		if !left && maps.Equal(groupValues.Texts(changed), groupValues.Texts(g)) {
			return nil
		}
		return s.hold(ctx, client, lostGroup(g, loss.VerbCHANGED))
	})
	if err != nil {
		return nil, groupTaken(err)
	}
	return s.Group(ctx, ch.ID)
}

// DeleteGroup deletes a group that is not synced, and its enrollments. The students stay.
// Only administrators delete groups.
func (s *Service) DeleteGroup(ctx context.Context, id int) error {
	v := viewer.FromContext(ctx)
	// Students are locked before groups, so their keys are read first. If a student joins
	// in between, the read under the group's lock finds out and the transaction starts
	// again.
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		system := viewer.AsSystem(ctx, "students of a group that is deleted")
		members, err := client.Enrollment.Query().Where(enrollment.GroupID(id)).
			Order(db.Asc(enrollment.FieldStudentID)).All(system)
		if err != nil {
			return err
		}
		var pairs []Pair
		var ids []int
		for _, m := range members {
			pairs = append(pairs, Pair{m.StudentID, m.GroupID})
			ids = append(ids, m.StudentID)
		}
		students, err := LockStudents(system, client, s.locks(), ids)
		if err != nil {
			return err
		}
		g, err := s.lockGroup(ctx, client, id)
		if err != nil {
			return err
		}
		if !v.Administers(g.OrganizationID, g.DistrictID) {
			return fault.Forbiddenf("only administrators can delete classes and groups").At("id")
		}
		removed, err := Unenroll(ctx, client, pairs)
		if err != nil {
			return err
		}
		if len(removed) != g.StudentCount {
			return fault.Conflictf("somebody is changing this class or group at the moment; try again").At("id")
		}
		taught, err := teachersOf(ctx, client, id)
		if err != nil {
			return err
		}
		if _, err := client.GroupEducator.Delete().Where(groupeducator.GroupID(id)).
			Exec(viewer.AsSystem(ctx, "teaching of a group that is deleted")); err != nil {
			return err
		}
		if err := client.Group.DeleteOneID(id).Exec(ctx); err != nil {
			return err
		}
		recordGroupDeletion(ctx, g, taught, ids)
		return s.hold(ctx, client, append(Lost(students, loss.VerbCHANGED), lostGroup(g, loss.VerbDELETED))...)
	})
}

// lockGroup locks a group that the viewer may change.
func (s *Service) lockGroup(ctx context.Context, client *db.Client, id int) (*db.Group, error) {
	groups, err := LockGroups(ctx, client, s.locks(), []int{id})
	switch {
	case err != nil:
		return nil, err
	case len(groups) == 0:
		return nil, ErrNoGroup.At("id")
	case groups[0].Synced == 1:
		return nil, fault.Invalidf("the school's information system keeps %s; make the change there", groups[0].Name).
			WithCode("SYNCED_GROUP").At("id")
	default:
		return groups[0], nil
	}
}

// seen refuses educators whom the viewer does not see, and accounts in whose names
// programs act.
func (s *Service) seen(ctx context.Context, client *db.Client, ids []int, refusals *Refusals) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := client.Educator.Query().Where(educator.IDIn(ids...), educator.Service(0)).All(ctx)
	*refusals = append(*refusals,
		missing(ids, found, func(e *db.Educator) int { return e.ID }, ErrNoEducator, "educatorIds")...)
	return err
}

// teachersOf returns everybody who teaches the group, including those whom the viewer does
// not see.
func teachersOf(ctx context.Context, client *db.Client, groupID int) ([]int, error) {
	return client.GroupEducator.Query().Where(groupeducator.GroupID(groupID)).Order(db.Asc(groupeducator.FieldEducatorID)).
		Select(groupeducator.FieldEducatorID).Ints(viewer.AsSystem(ctx, "who teaches a group, for the audit trail"))
}

func (s *Service) replaceEducators(ctx context.Context, client *db.Client, g *db.Group, ids []int) error {
	var refusals Refusals
	if err := s.seen(ctx, client, ids, &refusals); err != nil {
		return err
	}
	if len(refusals) > 0 {
		return refusals
	}
	if _, err := client.GroupEducator.Delete().
		Where(groupeducator.GroupID(g.ID), groupeducator.EducatorIDNotIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	there, err := client.GroupEducator.Query().Where(groupeducator.GroupID(g.ID)).
		Select(groupeducator.FieldEducatorID).Ints(ctx)
	if err != nil {
		return err
	}
	return s.teach(ctx, client, g,
		slices.DeleteFunc(slices.Clone(ids), func(id int) bool { return slices.Contains(there, id) }))
}

// teach adds educators to a group. They have been checked before.
func (s *Service) teach(ctx context.Context, client *db.Client, g *db.Group, ids []int) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if s.taught != nil && len(ids) > 0 {
		if err := s.taught(ctx, client, g, ids); err != nil {
			return err
		}
	}
	for _, id := range ids {
		err := client.GroupEducator.Create().SetGroupID(g.ID).SetEducatorID(id).
			Exec(viewer.AsSystem(ctx, "teaching of a group in the purview"))
		if err != nil {
			return err
		}
	}
	return nil
}

func groupTaken(err error) error {
	if database.IsDuplicate(err) {
		return fault.Invalidf("another class or group of the school has this external id").WithCode("EXTERNAL_ID_TAKEN").
			At("externalId")
	}
	return err
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
