package school

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// organizationCheck makes plans of the rows of a file of schools. All schools of
// the district are known beforehand, so it looks nothing up.
type organizationCheck struct {
	*reach.Check
	// looks are the schools on record by what their IDs have in common with others.
	looks map[string][]*db.Organization
}

// CheckRows implements kind.Checker.
func (c *organizationCheck) CheckRows(_ context.Context, rows []*sheet.Row) error {
	for _, r := range rows {
		if !r.Refused {
			c.row(r)
		}
	}
	return nil
}

func (c *organizationCheck) row(r *sheet.Row) {
	name, externalID := roster.Clean(r.Text(field.ColName)), r.ID(field.ColExternalID)
	r.Label = reach.GroupLabel(name, externalID)
	r.CannotClear(slices.Concat([]string{field.ColDatabaseID}, fixed, []string{field.ColType})...)
	if kind := sheet.HeaderKey(r.Text(field.ColType)); kind != "" && kind != "school" {
		r.Fail(field.ColType,
			row.Problemf(row.UnsupportedType, "Delete the row, or write School.", "Only schools can be imported."))
	}
	if r.Refused {
		return
	}
	school := c.match(r, name, externalID)
	if r.Refused {
		return
	}
	p := &row.Plan{Do: row.Create}
	if school != nil {
		p.Do = row.Update
		r.TargetID = school.ID
		r.Label = reach.GroupLabel(school.Name, row.Deref(school.ExternalID))
	}
	byName := school != nil && externalID == "" && r.Text(field.ColDatabaseID) == ""
	for _, f := range values {
		if byName && f.DB == organization.FieldName {
			continue // It stays as it is on record.
		}
		v, changes := sheet.Value(r, f, school, "school")
		if changes && (f.DB != organization.FieldExternalID || v.After == "" || c.IsFirst(r, "school id", v.After)) {
			p.SetColumn(f.DB, v.Value)
			p.ExpectColumn(f.DB, v.Before)
			p.Show(f.File.Name, v.Before, v.After)
		}
	}
	if school == nil {
		c.warnOfTwin(r, name, externalID)
	}
	sheet.SetMade(p, Fields, school)
	if !r.Refused && len(p.Changes) > 0 {
		r.Plan = p
	}
}

// warnOfTwin warns of a new school beside one with the same name, or with an ID that looks
// the same.
func (c *organizationCheck) warnOfTwin(r *sheet.Row, name, externalID string) {
	describe := func(o *db.Organization) string {
		if o.ExternalID == nil {
			return o.Name
		}
		return o.Name + " (external ID " + *o.ExternalID + ")"
	}
	if c.looks == nil {
		c.looks = map[string][]*db.Organization{}
		for _, id := range slices.Sorted(maps.Keys(c.Schools.ByID)) {
			if o := c.Schools.ByID[id]; o.ExternalID != nil && o.Type == organization.TypeSCHOOL {
				key := reach.Skeleton(*o.ExternalID)
				c.looks[key] = append(c.looks[key], o)
			}
		}
	}
	named := slices.DeleteFunc(slices.Clone(c.Schools.ByName[fold.Text(name)]),
		func(o *db.Organization) bool { return o.Type != organization.TypeSCHOOL })
	const id = "external ID"
	if alike := c.looks[reach.Skeleton(externalID)]; externalID != "" && len(alike) > 0 {
		r.Warn(field.ColExternalID, reach.Twice("a school", reach.SameID, reach.NamesOf(alike, describe), id))
	} else if len(named) > 0 {
		r.Warn(field.ColName, reach.Twice("a school", "this name", reach.NamesOf(named, describe), id))
	}
	if externalID == "" {
		return
	}
	if first := c.LooksLikeEarlier("school id", "", externalID, r.Number); first != 0 {
		r.Warn(field.ColExternalID, reach.Twice("a school", reach.SameID, "see row "+strconv.Itoa(first), id))
	}
}

// match finds the school of a row: by Database ID, by external id, or, for a row
// without ids, by its name if exactly one school has it.
func (c *organizationCheck) match(r *sheet.Row, name, externalID string) *db.Organization {
	var school *db.Organization
	switch cell := r.Text(field.ColDatabaseID); {
	case cell != "":
		id := reach.KeyOf(globalid.Organization, cell)
		if school = c.Schools.ByID[id]; school == nil {
			r.Fail(field.ColDatabaseID,
				row.Problemf(row.UnknownSchool, "Copy the Database ID again, or clear the cell.",
					"There is no school with this Database ID among those you may see."))
			return nil
		}
		if other := c.Schools.ByExternal[externalID]; other != nil && other.ID != school.ID {
			r.Fail(field.ColExternalID, row.Problemf(row.IDMismatch, "Correct one of the two, or clear the Database ID.",
				"The Database ID belongs to %s, and the external ID to %s.", school.Name, other.Name))
			return nil
		}
	case externalID != "":
		school = c.Schools.ByExternal[externalID]
	case name != "":
		named := reach.Exactly(name, c.Schools.ByName[fold.Text(name)], func(o *db.Organization) string { return o.Name })
		if len(named) > 1 {
			r.Fail(field.ColName,
				row.Problemf(row.AmbiguousSchool, "Add the external ID or the Database ID of the one you mean.",
					"%d schools have this name.", len(named)))
			return nil
		}
		if len(named) == 1 {
			school = named[0]
		}
	default:
		r.Needs(field.ColName, "A new school needs one.")
		return nil
	}
	switch {
	case school != nil && school.Type != organization.TypeSCHOOL:
		r.Fail("", row.Problemf(row.NotASchool, "Delete the row.", "%s is a district.", school.Name))
	case school != nil:
		c.Duplicate(r, "school", "school", strconv.Itoa(school.ID))
	case externalID != "":
		c.Duplicate(r, "school", "school id", externalID)
	default:
		c.Duplicate(r, "school", "school name", fold.Key(name))
	}
	return school
}
