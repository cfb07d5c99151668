package importer

import (
	"context"
	"strconv"
	"unicode/utf8"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/roster"
)

// organizationCheck makes plans of the rows of a file of schools. All schools of
// the district are known beforehand, so it looks nothing up.
type organizationCheck struct{ *check }

func (c *organizationCheck) checkRows(_ context.Context, rows []*fileRow) error {
	for _, r := range rows {
		if !r.refused {
			c.row(r)
		}
	}
	return nil
}

func (c *organizationCheck) row(r *fileRow) {
	name, externalID := roster.Clean(r.text(colName)), roster.Clean(r.text(colExternalID))
	r.label = groupLabel(name, externalID)
	r.cannotClear(colDatabaseID, colName, colType)
	if kind := headerKey(r.text(colType)); kind != "" && kind != "school" {
		r.fail(colType, problemf(UnsupportedType, "Delete the row, or write School.", "Only schools can be imported."))
	}
	if r.refused {
		return
	}
	school := c.match(r, name, externalID)
	if r.refused {
		return
	}
	p := &plan{Do: doCreate}
	on := &db.Organization{}
	if school != nil {
		p.Do, on = doUpdate, school
		r.targetID = school.ID
		r.label = groupLabel(school.Name, deref(school.ExternalID))
	}
	c.externalID(r, p, deref(on.ExternalID))
	switch name = r.legible(colName, on.Name); {
	case name == "" && on.Name == "" && !r.refusedAt(colName):
		r.needs(colName, "A new school needs one.")
	case name != "" && name != on.Name:
		if err := roster.CheckName(name, "name of the school", maxKey); err != nil {
			r.fail(colName, fromFault(err, "Shorten it."))
		} else if utf8.RuneCountInString(fold.Text(name)) > maxKey {
			r.fail(colName, problemf(TooLong, "Shorten it.", "The name is too long."))
		}
		p.set(organization.FieldName, name)
		p.set(organization.FieldNameKey, fold.Text(name))
		p.was(organization.FieldName, on.Name)
		p.changes(colName, on.Name, name)
	}
	if !r.refused && len(p.Changes) > 0 {
		r.plan = p
	}
}

// match finds the school of a row: by Database ID, by external id, or, for a row
// without ids, by its name if exactly one school has it.
func (c *organizationCheck) match(r *fileRow, name, externalID string) *db.Organization {
	var school *db.Organization
	switch cell := r.text(colDatabaseID); {
	case cell != "":
		id := keyOf(globalid.Organization, cell)
		if school = c.schools.byID[id]; school == nil {
			r.fail(colDatabaseID, problemf(UnknownSchool, "Copy the Database ID again, or clear the cell.", "There is no school with this Database ID in your purview."))
			return nil
		}
		if other := c.schools.byExternal[externalID]; other != nil && other.ID != school.ID {
			r.fail(colExternalID, problemf(IDMismatch, "Correct one of the two, or clear the Database ID.",
				"The Database ID is of %s, the external ID of %s.", school.Name, other.Name))
			return nil
		}
	case externalID != "":
		school = c.schools.byExternal[externalID]
	case name != "":
		named := exactly(name, c.schools.byName[fold.Text(name)], func(o *db.Organization) string { return o.Name })
		if len(named) > 1 {
			r.fail(colName, problemf(AmbiguousSchool, "Add the external ID or the Database ID of the one you mean.", "%d schools have this name.", len(named)))
			return nil
		}
		if len(named) == 1 {
			school = named[0]
		}
	default:
		r.needs(colName, "A new school needs one.")
		return nil
	}
	switch {
	case school != nil && school.Type != organization.TypeSCHOOL:
		r.fail("", problemf(NotASchool, "Delete the row.", "%s is a district.", school.Name))
	case school != nil:
		c.duplicate(r, "school", "school", strconv.Itoa(school.ID))
	case externalID != "":
		c.duplicate(r, "school", "school id", externalID)
	default:
		c.duplicate(r, "school", "school name", fold.Key(name))
	}
	return school
}

func (c *organizationCheck) externalID(r *fileRow, p *plan, current string) {
	value := r.undamaged(colExternalID, current)
	switch {
	case r.clears(colExternalID) && current != "":
		p.set(organization.FieldExternalID, nil)
	case value == "" || value == current:
		return
	case utf8.RuneCountInString(value) > roster.MaxExternalID:
		r.fail(colExternalID, problemf(TooLong, "Shorten it.", "The external ID has more than %d characters.", roster.MaxExternalID))
		return
	default:
		if first := c.seen.first("school id", value); first != 0 && first != r.Row {
			r.fail(colExternalID, problemf(DuplicateInFile, "Keep one of the two rows.", "Row %d has the same external ID.", first))
			return
		}
		c.seen.claim("school id", value, r.Row)
		p.set(organization.FieldExternalID, value)
	}
	p.was(organization.FieldExternalID, current)
	p.changes(colExternalID, current, value)
}
