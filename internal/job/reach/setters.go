package reach

import (
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// SetBy knows who has set the credentials of the educators whom a batch of rows names.
type SetBy struct {
	all     map[int][]viewer.Assignment
	setters *credential.Setters
}

// FindSetters reads who has set the credentials of educators.
func (c *Check) FindSetters(ctx context.Context, educators map[int]bool) (*SetBy, error) {
	ids, client := slices.Sorted(maps.Keys(educators)), c.DB.Client(ctx)
	all, err := credential.RolesOf(ctx, client, ids)
	if err != nil {
		return nil, err
	}
	setters, err := credential.SettersOf(ctx, client, ids)
	return &SetBy{all, setters}, err
}

// WarnOfClass warns a person who gives an educator a class that the credentials of the
// account end, because somebody has set them who does not administer the school; see
// credential.Widen.
func (s *SetBy) WarnOfClass(r *sheet.Row, e *db.Educator, schoolID, districtID int) {
	way := s.setters.Narrower(e.ID, s.all[e.ID], viewer.Assignment{Role: viewer.Teacher,
		OrganizationID: schoolID, DistrictID: districtID})
	if way == 0 {
		return
	}
	hint := "The person can set a new one with the link that the sign-in page sends."
	if way&hold.ByAddress != 0 {
		hint = "Check that the address is the person's own: anyone who reads its mail can set a new password."
	}
	column := field.ColEducators
	if r.Text(column) == "" {
		column = field.ColPerson
	}
	r.Warn(column, row.Problemf(row.SetByOthers, hint,
		"The password, the address or the External ID of %s %s (%s) was set by somebody who does not administer everything "+
			"that the account then has. Its password, sessions and links end.", e.FirstName, e.LastName, e.Email))
}
