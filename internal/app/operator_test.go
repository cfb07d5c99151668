package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/app"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestNobodyBecomesTheOperatorByAnExternalID has others have the operator's External ID
// before the operator's first import: a person, and the account of a service key.
func TestNobodyBecomesTheOperatorByAnExternalID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		clock := func() time.Time { return fixture.Today }
		people := identity.New(d, identity.Options{
			Audit: audit.New(d, clock, testlog.New(t)), Now: clock, Log: testlog.New(t),
		})
		key, _, err := people.CreateKey(w.As(t, w.BetaAdmin), identity.NewKey{
			Name: "SIS", OrganizationID: w.Beta.ID, Scopes: []viewer.Scope{viewer.RosterImport},
			ExpiresAt: fixture.Today.AddDate(0, 1, 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		named := func(id int) *db.Educator {
			return w.Client().Educator.UpdateOneID(id).SetExternalID(identity.OperatorID).SaveX(fixture.System())
		}
		for district, squatter := range map[*db.Organization]*db.Educator{
			w.Alpha: named(w.NorthTeacher.ID), w.Beta: named(*key.AgentID),
		} {
			before := squatter.QueryRoles().CountX(fixture.System())
			for range 2 {
				e, err := app.Operator(context.Background(), d, district)
				if err != nil {
					t.Fatal(err)
				}
				if e.ID == squatter.ID || e.Service != 1 || e.DistrictID != district.ID {
					t.Errorf("the operator of %s acts as %+v", district.Name, e)
				}
			}
			left := w.Client().Educator.GetX(fixture.System(), squatter.ID)
			if left.ExternalID != nil || left.QueryRoles().CountX(fixture.System()) != before {
				t.Errorf("%s: %+v", district.Name, left)
			}
			if n := w.Client().Educator.Query().Where(educator.DistrictID(district.ID),
				educator.ExternalID(identity.OperatorID)).CountX(fixture.System()); n != 1 {
				t.Errorf("%s: %d operators", district.Name, n)
			}
		}
		if n := w.Client().Organization.Query().Where(organization.TypeEQ(organization.TypeDISTRICT)).
			CountX(fixture.System()); n != 2 {
			t.Error(n)
		}
	})
}
