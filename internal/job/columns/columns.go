// Package columns keeps what people have said about the headers of files: as which columns
// they are read.
package columns

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Of returns what was said about the headers of a job's file; nil if nothing was.
func Of(job *db.BulkJob) (*sheet.Choices, error) {
	if len(job.Choices) == 0 {
		return nil, nil
	}
	c := new(sheet.Choices)
	if err := json.Unmarshal(job.Choices, c); err != nil {
		return nil, fmt.Errorf("the choices of job %d: %w", job.ID, err)
	}
	return c, nil
}

// List is Of for code that only reads the header.
func List(job *db.BulkJob) []sheet.Choice {
	if c, err := Of(job); err == nil && c != nil {
		return c.List
	}
	return nil
}

// AsRead is List for a row that is read again as the file of its job was: an empty list, and
// not nil, if nothing was said, so that nothing that was said later counts.
func AsRead(job *db.BulkJob) []sheet.Choice {
	if list := List(job); list != nil {
		return list
	}
	return []sheet.Choice{}
}

// Encode returns choices as a job stores them; nil for nil.
func Encode(c *sheet.Choices) (json.RawMessage, error) {
	if c == nil {
		return nil, nil
	}
	return json.Marshal(c)
}

// SaysTheSame reports whether a job was submitted with the same choices.
func SaysTheSame(there *db.BulkJob, list []sheet.Choice) bool {
	c, err := Of(there)
	if err != nil || c == nil || c.From != 0 {
		return list == nil
	}
	return list != nil && slices.Equal(c.List, list)
}

// recalled is how many earlier jobs are read at once.
const recalled = 20

// Recall returns what was said about the same headers when a file of the same kind was last
// written for the same organization: by the submitter, or by an administrator. Nil means that
// nothing was. That a column has passwords is not recalled: who has said so would know
// those of the next file, and is no hand in it. Nor is what somebody else has said who does
// not administer the organization any more, or whose account is disabled. Jobs that wrote
// nothing, those that were undone, and corrected rows are not asked.
func Recall(ctx context.Context, client *db.Client, job *db.BulkJob, headers []string) (*sheet.Choices, error) {
	for before := job.ID; ; {
		jobs, err := client.BulkJob.Query().
			Where(bulkjob.OrganizationID(job.OrganizationID), bulkjob.KindEQ(job.Kind), bulkjob.StartedAtNotNil(),
				bulkjob.StatusNotIn(bulkjob.StatusFAILED, bulkjob.StatusCANCELED, bulkjob.StatusUNDONE),
				bulkjob.HeaderPrint(sheet.PrintOf(job.Kind, headers)), bulkjob.ChoicesNotNil(), bulkjob.IDLT(before)).
			Order(db.Desc(bulkjob.FieldID)).Limit(recalled).
			All(viewer.AsSystem(ctx, "how the same headers were read before"))
		if err != nil || len(jobs) == 0 {
			return nil, err
		}
		for _, earlier := range jobs {
			before = earlier.ID
			c, err := Of(earlier)
			if err != nil {
				return nil, err
			}
			if c == nil || c.Again || !c.Shared && earlier.SubmittedBy != job.SubmittedBy {
				continue
			}
			if stands, err := stands(ctx, client, earlier, job); err != nil {
				return nil, err
			} else if !stands {
				continue
			}
			return recall(c, earlier), nil
		}
	}
}

// recall returns the choices of an earlier job for a new one; nil for none.
func recall(c *sheet.Choices, earlier *db.BulkJob) *sheet.Choices {
	c.List = slices.DeleteFunc(c.List, func(choice sheet.Choice) bool {
		return sheet.HeaderKey(choice.Column) == sheet.HeaderKey(field.ColPassword)
	})
	if len(c.List) == 0 {
		return nil
	}
	if c.From == 0 {
		c.From = earlier.ID
	}
	return c
}

// stands reports whether what was said with an earlier job counts for a job: it was said by
// the same account, or by somebody who still administers the organization.
func stands(ctx context.Context, client *db.Client, earlier, job *db.BulkJob) (bool, error) {
	if earlier.SubmittedBy == job.SubmittedBy {
		return true, nil
	}
	return client.RoleAssignment.Query().Where(
		roleassignment.EducatorID(earlier.SubmittedBy), roleassignment.HasEducatorWith(educator.Disabled(0)),
		roleassignment.Or(
			roleassignment.And(roleassignment.RoleEQ(roleassignment.RoleDISTRICT_ADMIN),
				roleassignment.OrganizationID(job.DistrictID)),
			roleassignment.And(roleassignment.RoleEQ(roleassignment.RoleSCHOOL_ADMIN),
				roleassignment.OrganizationID(job.OrganizationID)))).
		Exist(viewer.AsSystem(ctx, "whether somebody may still say how headers are read"))
}
