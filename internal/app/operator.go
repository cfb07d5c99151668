package app

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// isOperator matches the account under which the operator of an installation imports
// files. It has no address and no password, and nobody signs in to it. Others can give
// External IDs, so it is known by two other things: it has the mark of accounts that
// belong to nobody, which only the server sets, and no service key uses it.
func isOperator() predicate.Educator {
	return educator.And(educator.ExternalID(identity.OperatorID), educator.Service(1), func(s *sql.Selector) {
		keys := sql.Table(servicekey.Table)
		s.Where(sql.NotIn(s.C(educator.FieldID),
			sql.Select(keys.C(servicekey.FieldAgentID)).From(keys).Where(sql.NotNull(keys.C(servicekey.FieldAgentID)))))
	})
}

// operator returns the operator's account in a district. It creates the account when it is
// needed for the first time. If somebody was given its External ID before that was
// reserved, they lose it.
func operator(ctx context.Context, d *database.DB, district *db.Organization) (*db.Educator, error) {
	system := viewer.AsSystem(ctx, "account of the operator")
	find := func(client *db.Client) (*db.Educator, error) {
		return client.Educator.Query().Where(educator.DistrictID(district.ID), isOperator()).Only(system)
	}
	e, err := find(d.Client(ctx))
	if !db.IsNotFound(err) {
		return e, err
	}
	err = d.InTx(system, func(ctx context.Context, client *db.Client) error {
		others, err := client.Educator.Query().Where(educator.DistrictID(district.ID),
			educator.ExternalID(identity.OperatorID), educator.Not(isOperator())).IDs(system)
		if err != nil {
			return err
		}
		var facts audit.Facts
		for _, id := range others { // at most one
			if err := client.Educator.UpdateOneID(id).ClearExternalID().Exec(system); err != nil {
				return err
			}
			facts = audit.Facts{"externalIdOf": globalid.Encode(globalid.Educator, id)}
		}
		e, err = client.Educator.Create().SetDistrictID(district.ID).SetService(1).SetExternalID(identity.OperatorID).
			SetFirstName("Homeroom").SetLastName("Operator").SetSortName(fold.SortName("Operator", "Homeroom")).Save(ctx)
		if err != nil {
			return err
		}
		audit.Record(ctx,
			audit.Event{
				Action:         audit.EducatorAdded,
				DistrictID:     district.ID,
				OrganizationID: district.ID,
				Target:         audit.On(globalid.Educator, e.ID),
				Facts:          facts,
			})
		return client.RoleAssignment.Create().SetEducatorID(e.ID).SetOrganizationID(district.ID).
			SetDistrictID(district.ID).SetRole(roleassignment.RoleDISTRICT_ADMIN).Exec(ctx)
	})
	if database.IsDuplicate(err) {
		return find(d.Client(ctx))
	}
	return e, err
}

// target finds the organization that a command names: by its ID in the API, its external
// ID or its name. Without a name it is the only district of the database. In an empty
// database it creates a district with the given name.
func target(ctx context.Context, d *database.DB, name, newDistrict string) (*db.Organization, error) {
	system := viewer.AsSystem(ctx, "organization that the operator names")
	client := d.Client(ctx)
	if name == "" {
		districts, err := client.Organization.Query().Where(organization.TypeEQ(organization.TypeDISTRICT)).All(system)
		switch {
		case err != nil:
			return nil, err
		case len(districts) == 1:
			return districts[0], nil
		case len(districts) == 0 && newDistrict == "":
			return nil, fault.Invalidf("the database holds no district yet; create one with an administrator: " +
				"homeroom educator add EMAIL --name NAME --role district-admin --district DISTRICT")
		case len(districts) == 0:
			return createDistrict(ctx, d, newDistrict)
		default:
			return nil, fault.Invalidf("the database holds several districts; choose one with --organization: %s",
				names(districts))
		}
	}
	match := []func() ([]*db.Organization, error){
		func() ([]*db.Organization, error) {
			id, _ := globalid.Key(globalid.Organization, name)
			return client.Organization.Query().Where(organization.ID(id)).All(system)
		},
		func() ([]*db.Organization, error) {
			return client.Organization.Query().Where(organization.ExternalID(name)).All(system)
		},
		func() ([]*db.Organization, error) {
			return client.Organization.Query().Where(organization.NameKey(fold.Text(name))).All(system)
		},
	}
	for _, find := range match {
		list, err := find()
		switch {
		case err != nil:
			return nil, err
		case len(list) == 1:
			return list[0], nil
		case len(list) > 1:
			return nil, fault.Invalidf("%s is the name of several organizations: %s", quote.Text(name), names(list))
		}
	}
	return nil, fault.NotFoundf("no organization is called %s", quote.Text(name))
}

func createDistrict(ctx context.Context, d *database.DB, name string) (o *db.Organization, err error) {
	name = roster.Clean(name)
	if err := roster.CheckName(name, "name of the district", roster.MaxGroupName); err != nil {
		return nil, err
	}
	err = d.InTx(viewer.AsSystem(ctx, "first district of an empty database"),
		func(ctx context.Context, client *db.Client) error {
			if o, err = client.Organization.Create().SetType(organization.TypeDISTRICT).SetName(name).
				SetNameKey(fold.Text(name)).
				Save(ctx); err != nil {
				return err
			}
			if o, err = o.Update().SetDistrictID(o.ID).Save(ctx); err != nil {
				return err
			}
			e := audit.Event{
				Action:         audit.OrganizationCreated,
				DistrictID:     o.ID,
				OrganizationID: o.ID,
				Target:         audit.On(globalid.Organization, o.ID),
			}
			e.Changes.New("name", o.Name)
			audit.Record(ctx, e)
			return nil
		})
	return o, err
}

func names(list []*db.Organization) string {
	texts := make([]string, len(list))
	for i, o := range list {
		texts[i] = fmt.Sprintf("%s (%s)", o.Name, globalid.Encode(globalid.Organization, o.ID))
	}
	return strings.Join(texts, ", ")
}
