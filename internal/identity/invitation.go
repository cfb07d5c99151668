package identity

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/mail"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// invitation says who invites somebody, and to what. It is empty if the mail is about an
// existing account.
type invitation struct {
	by, organization string
	role             viewer.Role
}

// invitationTo is an invitation by the viewer.
func (s *Service) invitationTo(ctx context.Context, in NewEducator) (invitation, error) {
	system := viewer.AsSystem(ctx, "names in an invitation")
	client := s.db.Client(system)
	o, err := client.Organization.Get(system, in.OrganizationID)
	if err != nil {
		return invitation{}, err
	}
	i := invitation{organization: o.Name, role: in.Role}
	v := viewer.FromContext(ctx)
	if v == nil || v.EducatorID == 0 {
		return i, nil
	}
	by, err := client.Educator.Get(system, v.EducatorID)
	if err != nil {
		return i, err
	}
	i.by = by.FirstName + " " + by.LastName
	return i, nil
}

var roleWords = map[viewer.Role]string{
	viewer.DistrictAdmin: "an administrator of", viewer.SchoolAdmin: "an administrator of", viewer.Teacher: "a teacher at",
}

// text is the invitation as the start of a sentence.
func (i invitation) text() string {
	to := ""
	if at := mail.Name(i.organization); at != "" && roleWords[i.role] != "" {
		to = fmt.Sprintf(" as %s %s", roleWords[i.role], at)
	}
	if by := mail.Name(i.by); by != "" {
		return by + " has made an account for you at Homeroom," + to
	}
	return "there is an account for you at Homeroom" + to
}

func hello(e *db.Educator) string {
	if name := mail.Name(e.FirstName); name != "" {
		return "Hello " + name
	}
	return "Hello"
}
