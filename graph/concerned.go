package graph

import (
	"cmp"
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// payloadResolver says which organizations have other numbers after a mutation, for the
// payload of each that can change the notice. Which ones is known from the audit trail, in
// which every change has entries.
type payloadResolver[P any] struct{}

func (payloadResolver[P]) Organizations(ctx context.Context, payload *P) ([]*model.Organization, error) {
	v := viewer.FromContext(ctx)
	ids := append(audit.ConcernedOf(ctx).Organizations(), asBefore(payload)...)
	if len(ids) == 0 || v.Key != nil {
		return []*model.Organization{}, nil
	}
	l := loader.From(ctx)
	district := v.District()
	var list []*db.Organization
	if slices.Contains(ids, district) {
		schools, err := l.SchoolsByDistrict.Load(ctx, district)
		if err != nil {
			return nil, err
		}
		list = append(list, schools...)
	}
	ids = append(ids, district)
	if err := l.OrganizationByID.Prime(ctx, ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if o, err := l.OrganizationByID.Load(ctx, id); err != nil {
			return nil, err
		} else if o != nil {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *db.Organization) int {
		// DISTRICT comes before SCHOOL.
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.NameKey, b.NameKey), cmp.Compare(a.ID, b.ID))
	})
	list = slices.CompactFunc(list, func(a, b *db.Organization) bool { return a.ID == b.ID })
	return all(list, toOrganization), primeOrganizations(ctx, list, "")
}

// asBefore are the organizations of a mutation that has perhaps found everything as it was
// to be. A client that repeats what it got no answer to may still have old numbers.
func asBefore(payload any) []int {
	school := func(s *model.Student) int { return s.OrganizationID }
	switch p := payload.(type) {
	case *model.AssignStudentsToGroupsPayload:
		return all(p.Students, school)
	case *model.RemoveStudentsFromGroupsPayload:
		return all(p.Students, school)
	case *model.UpdateStudentPayload:
		if p.Student != nil {
			return []int{p.Student.OrganizationID}
		}
	case *model.UpdateOrganizationSettingsPayload:
		if p.Organization != nil {
			return []int{p.Organization.Entity.ID}
		}
	case *model.BulkJobPayload:
		if p.Job != nil {
			return []int{p.Job.Entity.OrganizationID}
		}
	}
	return nil
}

// CreateGroupPayload implements generated.ResolverRoot.
func (r *Resolver) CreateGroupPayload() generated.CreateGroupPayloadResolver {
	return payloadResolver[model.CreateGroupPayload]{}
}

// DeleteGroupPayload implements generated.ResolverRoot.
func (r *Resolver) DeleteGroupPayload() generated.DeleteGroupPayloadResolver {
	return payloadResolver[model.DeleteGroupPayload]{}
}

// AssignStudentsToGroupsPayload implements generated.ResolverRoot.
func (r *Resolver) AssignStudentsToGroupsPayload() generated.AssignStudentsToGroupsPayloadResolver {
	return payloadResolver[model.AssignStudentsToGroupsPayload]{}
}

// RemoveStudentsFromGroupsPayload implements generated.ResolverRoot.
func (r *Resolver) RemoveStudentsFromGroupsPayload() generated.RemoveStudentsFromGroupsPayloadResolver {
	return payloadResolver[model.RemoveStudentsFromGroupsPayload]{}
}

// CreateStudentPayload implements generated.ResolverRoot.
func (r *Resolver) CreateStudentPayload() generated.CreateStudentPayloadResolver {
	return payloadResolver[model.CreateStudentPayload]{}
}

// UpdateStudentPayload implements generated.ResolverRoot.
func (r *Resolver) UpdateStudentPayload() generated.UpdateStudentPayloadResolver {
	return payloadResolver[model.UpdateStudentPayload]{}
}

// DeleteStudentsPayload implements generated.ResolverRoot.
func (r *Resolver) DeleteStudentsPayload() generated.DeleteStudentsPayloadResolver {
	return payloadResolver[model.DeleteStudentsPayload]{}
}

// RestoreStudentsPayload implements generated.ResolverRoot.
func (r *Resolver) RestoreStudentsPayload() generated.RestoreStudentsPayloadResolver {
	return payloadResolver[model.RestoreStudentsPayload]{}
}

// EraseStudentsPayload implements generated.ResolverRoot.
func (r *Resolver) EraseStudentsPayload() generated.EraseStudentsPayloadResolver {
	return payloadResolver[model.EraseStudentsPayload]{}
}

// BulkJobPayload implements generated.ResolverRoot.
func (r *Resolver) BulkJobPayload() generated.BulkJobPayloadResolver {
	return payloadResolver[model.BulkJobPayload]{}
}

// UpdateOrganizationSettingsPayload implements generated.ResolverRoot.
func (r *Resolver) UpdateOrganizationSettingsPayload() generated.UpdateOrganizationSettingsPayloadResolver {
	return payloadResolver[model.UpdateOrganizationSettingsPayload]{}
}

// RecordUsagePayload implements generated.ResolverRoot.
func (r *Resolver) RecordUsagePayload() generated.RecordUsagePayloadResolver {
	return payloadResolver[model.RecordUsagePayload]{}
}
