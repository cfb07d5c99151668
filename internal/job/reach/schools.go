package reach

import (
	"context"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// MaxCandidates is how many candidates a hint names.
const MaxCandidates = 5

// schools are the organizations of a district that the submitter sees. They are
// read once for a file: a district has at most some thousand.
type schools struct {
	ByID       map[int]*db.Organization
	ByExternal map[string]*db.Organization
	ByName     map[string][]*db.Organization
	// District is there for the settings that schools inherit, whether or not the
	// submitter sees it.
	District *db.Organization
	// settings are what holds for each of them.
	settings map[int]setting.Settings
}

func loadSchools(ctx context.Context, e row.Env, districtID int) (*schools, error) {
	client := e.DB.Client(ctx)
	district, err := client.Organization.Get(viewer.AsSystem(ctx, "inherited settings"), districtID)
	if err != nil {
		return nil, err
	}
	all, err := client.Organization.Query().Where(organization.DistrictID(districtID)).
		Order(db.Asc(organization.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	index := &schools{
		District:   district,
		ByID:       map[int]*db.Organization{},
		ByExternal: map[string]*db.Organization{},
		ByName:     map[string][]*db.Organization{},
	}
	// With the district among them nothing more is read.
	if index.settings, err = setting.Read(ctx, client, e.Now(),
		append([]*db.Organization{district}, all...)...); err != nil {
		return nil, err
	}
	for _, o := range all {
		index.ByID[o.ID] = o
		if o.ExternalID != nil {
			index.ByExternal[*o.ExternalID] = o
		}
		index.ByName[o.NameKey] = append(index.ByName[o.NameKey], o)
	}
	return index, nil
}

// Find returns the school that a cell names: by Database ID, external id or name.
func (x *schools) Find(cell string) (*db.Organization, *row.Problem) {
	if id, ok := globalid.Key(globalid.Organization, cell); ok {
		if o := x.ByID[id]; o != nil {
			return aSchool(o)
		}
	}
	var found []*db.Organization
	if o := x.ByExternal[cell]; o != nil {
		found = append(found, o)
	}
	for _, o := range Exactly(cell, x.ByName[fold.Text(cell)], func(o *db.Organization) string { return o.Name }) {
		if len(found) == 0 || o.ID != found[0].ID {
			found = append(found, o)
		}
	}
	if clean := sheet.CleanID(cell); len(found) == 0 && clean != cell {
		return x.Find(clean)
	}
	switch len(found) {
	case 0:
		if several := x.severalIn(cell); len(several) > 1 {
			return nil, row.Problemf(row.UnknownSchool,
				"Write one school. Whoever works at several schools has a row for each, in files of their own.",
				"The cell names several schools (%s), but a row belongs to one school.",
				NamesOf(several, func(o *db.Organization) string { return o.Name }))
		}
		return nil, row.Problemf(row.UnknownSchool, "Check the spelling, or write the school's external ID or Database ID.",
			"There is no such school among those you may see.")
	case 1:
		return aSchool(found[0])
	default:
		return nil, row.Problemf(row.AmbiguousSchool,
			"Write the Database ID of the one you mean: "+NamesOf(found, func(o *db.Organization) string {
				return candidate(o.Name, o.ExternalID, globalid.Encode(globalid.Organization, o.ID))
			})+".", "%d schools match this.", len(found))
	}
}

// severalIn returns the schools that a cell names, if it names several and nothing else.
func (x *schools) severalIn(cell string) (several []*db.Organization) {
	for _, at := range pieces(cell, separators) {
		part := strings.TrimSpace(cell[at[0]:at[1]])
		o := x.ByExternal[part]
		if named := x.ByName[fold.Text(part)]; o == nil && len(named) > 0 {
			o = named[0]
		}
		if o == nil {
			return nil
		}
		several = append(several, o)
	}
	return several
}

func aSchool(o *db.Organization) (*db.Organization, *row.Problem) {
	if o.Type != organization.TypeSCHOOL {
		return nil, row.Problemf(row.NotASchool, "Write one of its schools.", "%s is a district.", o.Name)
	}
	return o, nil
}

// SettingsOf are what holds at a school; at none, and at one that the submitter
// does not see, what holds in the district.
func (x *schools) SettingsOf(school *db.Organization) setting.Settings {
	if school != nil {
		if set, ok := x.settings[school.ID]; ok {
			return set
		}
	}
	return x.settings[x.District.ID]
}

// Name returns the name of a school for the preview; one that the submitter does
// not see has none.
func (x *schools) Name(id int) string {
	if o := x.ByID[id]; o != nil {
		return o.Name
	}
	return ""
}

// Exactly keeps, of things whose names differ only in accents and case, those whose
// accents also match, if there are any.
func Exactly[T any](cell string, found []T, name func(T) string) []T {
	var same []T
	for _, f := range found {
		if fold.Key(name(f)) == fold.Key(cell) {
			same = append(same, f)
		}
	}
	if len(same) > 0 {
		return same
	}
	return found
}

// NamesOf lists the first few of some candidates.
func NamesOf[T any](found []T, name func(T) string) string {
	var names []string
	for i, f := range found {
		if i == MaxCandidates {
			names = append(names, "…")
			break
		}
		names = append(names, name(f))
	}
	return strings.Join(names, "; ")
}
