package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/quote"
)

func (r mutationResolver) EraseStudents(ctx context.Context,
	in model.EraseStudentsInput) (*model.EraseStudentsPayload, error) {
	requested, err := r.eraseStudents(ctx, in)
	refusals, err := userErrors(ctx, err)
	payload := &model.EraseStudentsPayload{UserErrors: refusals}
	for _, e := range requested {
		shown, unread := toErasure(e)
		if unread != nil {
			return nil, unread
		}
		payload.Erasures = append(payload.Erasures, shown)
		if shown.Certificate != nil {
			payload.Certificates = append(payload.Certificates, shown.Certificate)
		}
	}
	return payload, err
}

func (r queryResolver) Erasure(ctx context.Context, id string) (*model.Erasure, error) {
	k, err := key(globalid.Erasure, id, "id")
	if err != nil {
		return nil, err
	}
	e, err := r.Privacy.Erasure(ctx, k)
	if err != nil {
		return nil, err
	}
	return toErasure(e)
}

func toErasure(e *db.Erasure) (*model.Erasure, error) {
	shown := &model.Erasure{
		ID:          globalid.Encode(globalid.Erasure, e.ID),
		State:       model.ErasureState(e.State),
		RequestedAt: e.CreatedAt,
		JobsDone:    e.JobsDone,
		JobsTotal:   e.JobsTotal,
		FinishedAt:  e.FinishedAt,
	}
	c, err := privacy.CertificateOf(e)
	if c != nil {
		shown.Certificate = toCertificate(*c)
	}
	return shown, err
}

func (r mutationResolver) eraseStudents(ctx context.Context, in model.EraseStudentsInput) ([]*db.Erasure, error) {
	wanted := make([]privacy.Confirmed, len(in.Students))
	seen := map[int]bool{}
	for i, st := range in.Students {
		id, ok := globalid.Key(globalid.Student, st.ID)
		switch {
		case !ok:
			return nil, fault.Invalidf("%s is not the id of a student", quote.Text(quote.Short(st.ID))).WithCode("BAD_ID").
				At("students", i, "id")
		case seen[id]:
			return nil, fault.Invalidf("the student is named twice").WithCode("DUPLICATE").At("students", i, "id")
		}
		seen[id] = true
		wanted[i] = privacy.Confirmed{ID: id, ExternalID: st.ExternalID}
	}
	return r.Privacy.Request(ctx, wanted, in.Reference)
}

func (r queryResolver) StudentRecordURL(ctx context.Context, studentID string) (*string, error) {
	id, err := key(globalid.Student, studentID, "studentId")
	if err != nil {
		return nil, err
	}
	return orNothing(r.Downloads.RecordURL(ctx, id))
}

func toCertificate(c privacy.Certificate) *model.ErasureCertificate {
	return &model.ErasureCertificate{
		StudentID: c.StudentID, OrganizationID: c.OrganizationKey, ErasedAt: c.ErasedAt, Reference: c.Reference,
		Enrollments: c.Erased.Enrollments, UsageDays: c.Erased.UsageDays, UsageEvents: c.Erased.UsageEvents,
		BulkJobRows: c.Erased.BulkJobRows, AuditDetails: c.Erased.AuditDetails, Digest: c.Digest, Text: c.Text(),
	}
}

func (r erasureCertificateResolver) Organization(ctx context.Context,
	c *model.ErasureCertificate) (*model.Organization, error) {
	return schoolByID(ctx, c.OrganizationID)
}
