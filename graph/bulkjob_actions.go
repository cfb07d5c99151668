package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/grade"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/quote"
)

func (r mutationResolver) StartBulkJob(ctx context.Context, id string,
	previewVersion *int) (*model.BulkJobPayload, error) {
	return actOnJob(ctx, id, func(ctx context.Context, id int) (*db.BulkJob, error) {
		return r.Importer.StartSeen(ctx, id, previewVersion)
	})
}

func (r mutationResolver) ApproveBulkJob(ctx context.Context, id string,
	previewVersion *int) (*model.BulkJobPayload, error) {
	return actOnJob(ctx, id, func(ctx context.Context, id int) (*db.BulkJob, error) {
		return r.Importer.Approve(ctx, id, previewVersion)
	})
}

func (r mutationResolver) CancelBulkJob(ctx context.Context, id string) (*model.BulkJobPayload, error) {
	return actOnJob(ctx, id, r.Importer.Cancel)
}

func (r mutationResolver) UndoBulkJob(ctx context.Context, id string) (*model.BulkJobPayload, error) {
	return actOnJob(ctx, id, r.Importer.Undo)
}

// actOnJob does something with a job and answers with the job as it is afterwards.
func actOnJob(ctx context.Context, id string,
	act func(context.Context, int) (*db.BulkJob, error)) (*model.BulkJobPayload, error) {
	var job *db.BulkJob
	k, err := key(globalid.BulkJob, id, "id")
	if err == nil {
		job, err = act(ctx, k)
	}
	return jobPayload(ctx, job, err)
}

func jobPayload(ctx context.Context, job *db.BulkJob, err error) (*model.BulkJobPayload, error) {
	refusals, err := userErrors(ctx, err)
	return &model.BulkJobPayload{Job: toBulkJob(job), UserErrors: refusals}, err
}

func (r mutationResolver) BulkEditStudents(ctx context.Context,
	in model.BulkEditStudentsInput) (*model.BulkJobPayload, error) {
	job, err := r.bulkEdit(ctx, in)
	return jobPayload(ctx, job, err)
}

func (r mutationResolver) bulkEdit(ctx context.Context, in model.BulkEditStudentsInput) (job *db.BulkJob, err error) {
	var edit kind.Edit
	if edit.AddTo, err = keys(globalid.Group, in.AddToGroupIds, "addToGroupIds"); err != nil {
		return nil, err
	}
	if edit.RemoveFrom, err = keys(globalid.Group, in.RemoveFromGroupIds, "removeFromGroupIds"); err != nil {
		return nil, err
	}
	if in.Grade != nil {
		// An empty text would otherwise mean that the grade stays as it is.
		if _, ok := grade.Parse(*in.Grade); !ok {
			return nil, fault.Invalidf("%s is not a grade; write %s", quote.Text(quote.Short(*in.Grade)), grade.Wanted).
				WithCode("UNKNOWN_GRADE").At("grade")
		}
		edit.Grade = *in.Grade
	}
	selection, err := r.selection(ctx, in.Selection)
	if err != nil {
		return nil, err
	}
	return r.Importer.SubmitEdit(ctx, selection, edit)
}

func (r mutationResolver) BulkDeleteStudents(ctx context.Context,
	in model.BulkDeleteStudentsInput) (*model.BulkJobPayload, error) {
	selection, err := r.selection(ctx, in.Selection)
	if err != nil {
		return jobPayload(ctx, nil, err)
	}
	job, err := r.Importer.SubmitDeletion(ctx, selection)
	return jobPayload(ctx, job, err)
}

// selection reads which students are selected. gqlgen has checked a literal of a @oneOf
// input. A variable with none or both of its fields is refused by the service.
func (r mutationResolver) selection(ctx context.Context, in *model.StudentSelection) (s jobs.Selection, err error) {
	if in == nil {
		return s, nil
	}
	if in.StudentIds != nil {
		// The positions are those in the list as it was sent, including repetitions.
		s.StudentIDs = make([]int, len(in.StudentIds))
		for i, id := range in.StudentIds {
			k, ok := globalid.Key(globalid.Student, id)
			if !ok {
				return s, fault.Invalidf("%s is not the id of a student", quote.Text(quote.Short(id))).WithCode("BAD_ID").
					At("selection.studentIds", i)
			}
			s.StudentIDs[i] = k
		}
	}
	if in.Matching == nil {
		return s, nil
	}
	const field = "selection.matching"
	if s.OrganizationID, err = optionalKey(globalid.Organization, in.Matching.OrganizationID,
		field+".organizationId"); err != nil {
		return s, err
	}
	f, err := toStudentFilter(in.Matching.Filter)
	if err == nil {
		s.Matching, err = r.Roster.Students(ctx, s.OrganizationID, f)
	}
	if e := fault.From(err); e != nil {
		switch {
		case e.Field != "":
			return s, e.At(field + "." + e.Field)
		case e.Kind == fault.NotFound:
			return s, e.At(field + ".organizationId")
		}
	}
	return s, err
}
