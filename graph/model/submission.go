package model

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// Submission is what an upload into an organization asks for.
func (in SubmitBulkImportInput) Submission(organizationID int) jobs.Submission {
	s := jobs.Submission{
		OrganizationID:      organizationID,
		Kind:                bulkjob.Kind(in.Kind),
		FileName:            in.File.Filename,
		File:                in.File.File,
		Size:                in.File.Size,
		GroupsMode:          bulkjob.GroupsMode(in.GroupsMode),
		CommitMode:          bulkjob.CommitMode(in.CommitMode),
		Missing:             bulkjob.Missing(in.Missing),
		CreateMissingGroups: in.CreateMissingGroups,
	}
	if in.Leavers != nil {
		s.Leavers = bulkjob.Leavers(*in.Leavers)
	}
	if in.IdempotencyKey != nil {
		s.IdempotencyKey = *in.IdempotencyKey
	}
	if in.Columns != nil {
		s.Columns = []sheet.Choice{}
	}
	for _, c := range in.Columns {
		choice := sheet.Choice{Header: c.Header}
		if c.Column != nil {
			choice.Column = *c.Column
		}
		s.Columns = append(s.Columns, choice)
	}
	return s
}

// NewGroups are groups that a job creates.
func NewGroups(list newgroup.List) []*BulkJobNewGroup {
	groups := make([]*BulkJobNewGroup, len(list))
	for i, g := range list {
		groups[i] = &BulkJobNewGroup{Name: g.Name, Rows: g.Rows, OrganizationID: g.SchoolID}
	}
	return groups
}
