package roster

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/setting"
)

// hold counts what the viewer deletes and changes, at the end of the transaction. It
// refuses what needs a second administrator; see hold.Single.
func (s *Service) hold(ctx context.Context, client *db.Client, losses ...hold.Loss) error {
	return hold.Single(ctx, client, s.now(), setting.Holds, losses...)
}

// Lost counts students as losses of their schools.
func Lost(students []*db.Student, verb hold.Verb) (losses []hold.Loss) {
	for _, part := range audit.BySchool(students, schoolOf) {
		l := hold.Loss{
			DistrictID:     part[0].DistrictID,
			OrganizationID: part[0].OrganizationID,
			Thing:          loss.ThingSTUDENT,
			Verb:           verb,
		}
		for _, st := range part {
			l.Subjects = append(l.Subjects, st.ID)
		}
		losses = append(losses, l)
	}
	return losses
}

// among returns the students who occur in pairs.
func among(students []*db.Student, pairs []Pair) []*db.Student {
	in := groupsOf(pairs)
	return slices.DeleteFunc(slices.Clone(students), func(st *db.Student) bool { return len(in[st.ID]) == 0 })
}

// lostGroup is the loss of a group that is deleted or changed.
func lostGroup(g *db.Group, verb hold.Verb) hold.Loss {
	return hold.Loss{
		DistrictID:     g.DistrictID,
		OrganizationID: g.OrganizationID,
		Thing:          loss.ThingGROUP,
		Verb:           verb,
		Subjects:       []int{g.ID},
	}
}
