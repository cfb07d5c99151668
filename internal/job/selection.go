package job

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Selection says which students a job is about; see kind.Selection.
type Selection = kind.Selection

// SubmitEdit makes a job that edits the students of a selection; it is verified
// and started like an import. Teachers edit within their limits. It returns
// fault.Invalid for an empty selection and an edit that changes nothing, and
// roster.Refusals for students and groups outside of the purview.
func (s *Service) SubmitEdit(ctx context.Context, sel Selection, in kind.Edit) (*db.BulkJob, error) {
	text, err := s.kinds[bulkjob.KindEDIT_STUDENTS].(kind.Editor).StoreEdit(ctx, in)
	if err != nil {
		return nil, err
	}
	return s.submitting.submitSelection(ctx, bulkjob.KindEDIT_STUDENTS, sel, text)
}

// SubmitDeletion makes a job that deletes the students of a selection, as an
// administrator does one by one; see SubmitEdit.
func (s *Service) SubmitDeletion(ctx context.Context, sel Selection) (*db.BulkJob, error) {
	return s.submitting.submitSelection(ctx, bulkjob.KindDELETE_STUDENTS, sel, nil)
}

func (s submitting) submitSelection(ctx context.Context, name bulkjob.Kind, sel Selection,
	edit json.RawMessage) (*db.BulkJob, error) {
	// Before everybody who matches is read.
	if err := s.limiter.RefuseBeforehand(ctx); err != nil {
		return nil, err
	}
	picked, err := s.kinds.Selector(name).Pick(ctx, sel)
	if err != nil {
		return nil, err
	}
	// Not earlier, because students whom the viewer does not see do not exist; they are
	// not forbidden.
	if err := s.kinds.MaySelect(viewer.FromContext(ctx), name); err != nil {
		return nil, err
	}
	at, err := s.organizationOf(ctx, sel, picked)
	if err != nil {
		return nil, err
	}
	// A selection from several schools belongs to the district, and each row says what stays.
	if v := viewer.FromContext(ctx); s.kinds.About(name).Deletes && at.ID != v.DistrictID &&
		!v.Administers(at.ID, at.DistrictID) {
		return nil, fault.Forbiddenf("only administrators of the school can delete its students").At("selection")
	}
	var list bytes.Buffer
	// A teacher sees students of groups taught at other schools, too: of those no role
	// is asked for later.
	v, schools := viewer.FromContext(ctx), map[int]bool{}
	for _, p := range picked {
		fmt.Fprintln(&list, p.ID)
		if len(v.AdminDistricts()) > 0 || slices.Contains(v.AdminSchools(), p.School) ||
			slices.Contains(v.TeacherSchools(), p.School) {
			schools[p.School] = true
		}
	}
	from := ""
	for _, id := range slices.Sorted(maps.Keys(schools)) {
		from += fmt.Sprintf("|%d|", id)
	}
	job, err := s.upload(ctx, v, at, Submission{
		Kind:       name,
		File:       &list,
		Size:       int64(list.Len()),
		GroupsMode: bulkjob.GroupsModeADD,
		CommitMode: bulkjob.CommitModeVALID_ROWS,
		edit:       edit,
		schools:    from,
	})
	if err != nil {
		return nil, err
	}
	s.wakeUp()
	return job, nil
}

// organizationOf says to which organization a job belongs, and so which administrators
// see it: the one to which the selection was limited, or the school of all of its
// students. A selection from several schools belongs to the district, so that no
// school reads in it about another school's students. So does a selection from a
// school that the viewer does not see.
func (s submitting) organizationOf(ctx context.Context, sel Selection, list []kind.Picked) (*db.Organization, error) {
	id := sel.OrganizationID
	if id == 0 && !slices.ContainsFunc(list, func(p kind.Picked) bool { return p.School != list[0].School }) {
		id = list[0].School
	}
	district := viewer.FromContext(ctx).DistrictID
	if id != 0 {
		o, err := s.db.Client(ctx).Organization.Query().Where(organization.ID(id)).Only(ctx)
		if !db.IsNotFound(err) {
			return o, err
		}
	}
	return &db.Organization{ID: district, DistrictID: district}, nil
}
