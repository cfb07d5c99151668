package identity

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/openhomeroom/homeroom/ent/db"
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
	if at := inMail(i.organization); at != "" && roleWords[i.role] != "" {
		to = fmt.Sprintf(" as %s %s", roleWords[i.role], at)
	}
	if by := inMail(i.by); by != "" {
		return by + " has made an account for you at Homeroom," + to
	}
	return "there is an account for you at Homeroom" + to
}

func hello(e *db.Educator) string {
	if name := inMail(e.FirstName); name != "" {
		return "Hello " + name
	}
	return "Hello"
}

const (
	// maxNameInMail is how much of a name a mail shows, in characters.
	maxNameInMail = 80
	// maxDigitsInMail is how many digits a name may have in a mail: enough for the name of
	// a school, too few for a phone number.
	maxDigitsInMail = 4
)

// inMail returns a name as a mail may show it. The mail comes from the server and contains
// a link that opens an account. So a name that somebody has chosen must not add a link, an
// address or an instruction. Mail programs turn evil.example and www.evil into links, and
// long numbers into phone numbers. What remains is letters, a few digits and the
// punctuation of names; a period remains at the end of a word.
func inMail(name string) string {
	runes := []rune(name)
	digits := 0
	for _, r := range runes {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	var b strings.Builder
	for i, r := range runes {
		switch last := i == len(runes)-1; {
		case unicode.IsLetter(r), unicode.Is(unicode.M, r), unicode.IsDigit(r) && digits <= maxDigitsInMail,
			strings.ContainsRune("'’-&", r):
			b.WriteRune(r)
		case r == '.' && (last || runes[i+1] == ' '):
			b.WriteRune(r)
		default:
			b.WriteRune(' ')
		}
	}
	kept := []rune(strings.Join(strings.Fields(b.String()), " "))
	if len(kept) > maxNameInMail {
		kept = append(kept[:maxNameInMail-1], '…')
	}
	return string(kept)
}
