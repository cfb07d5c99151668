// Package newgroup creates the classes and groups that rows of students name and nobody
// has, if the person who submitted the file said so.
//
// The check numbers them, and each plan has those that its row joins. The job lists them
// (bulk_jobs.new_groups). The first row that is written creates one, in the transaction of
// the row, and the undo of that row removes it again. So a group is never created for rows
// that were refused.
package newgroup

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Most is how many groups one job creates at most. More are a file of their own.
const Most = 1000

// Group is a group that a job creates, or has created.
type Group struct {
	row.NewGroup
	// Rows is how many rows name it.
	Rows int `json:"rows"`
	// ID is its key, and By the row that created it; 0 before, and after an undo.
	ID int `json:"id,omitempty"`
	By int `json:"by,omitempty"`
}

// List are the groups of a job, by their numbers.
type List []Group

// Of returns the groups that a job creates.
func Of(job *db.BulkJob) (List, error) {
	if len(job.NewGroups) == 0 {
		return nil, nil
	}
	var l List
	err := json.Unmarshal(job.NewGroups, &l)
	return l, err
}

// Named are those that rows name.
func (l List) Named() List {
	return slices.DeleteFunc(slices.Clone(l), func(g Group) bool { return g.Rows <= 0 })
}

func (l List) by(n int) *Group {
	if i := slices.IndexFunc(l, func(g Group) bool { return g.N == n }); i >= 0 {
		return &l[i]
	}
	return nil
}

// Count notes the groups of a plan that comes to a job (by is 1) or goes (-1). It reports
// whether there are any.
func (l *List) Count(p *row.Plan, by int) bool {
	for _, n := range p.New {
		if l.by(n.N) == nil {
			*l = append(*l, Group{NewGroup: n})
		}
		l.by(n.N).Rows += by
	}
	return len(p.New) > 0
}

// Write stores the groups of a job.
func (l List) Write(ctx context.Context, client *db.Client, jobID int) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return client.BulkJob.UpdateOneID(jobID).SetNewGroups(text).
		Exec(viewer.AsSystem(ctx, "groups that a job creates"))
}

// Replace notes that a plan of a job has been replaced; either may be nil.
func Replace(ctx context.Context, client *db.Client, jobID int, was, is *row.Plan) error {
	if (was == nil || len(was.New) == 0) && (is == nil || len(is.New) == 0) {
		return nil
	}
	l, err := read(ctx, client, jobID)
	if err != nil {
		return err
	}
	if was != nil {
		l.Count(was, -1)
	}
	if is != nil {
		l.Count(is, 1)
	}
	return l.Write(ctx, client, jobID)
}

// read reads the groups of a job as this transaction sees them.
func read(ctx context.Context, client *db.Client, jobID int) (List, error) {
	job, err := client.BulkJob.Query().Where(bulkjob.ID(jobID)).Select(bulkjob.FieldID, bulkjob.FieldNewGroups).
		Only(viewer.AsSystem(ctx, "groups that a job creates"))
	if err != nil {
		return nil, err
	}
	return Of(job)
}

// Namer numbers the groups that the rows of a file name and nobody has.
type Namer struct {
	groups map[key]row.NewGroup
	last   int
}

type key struct {
	school int
	name   string
}

// NewNamer returns what numbers the groups of a job; nil if it creates none.
func NewNamer(job *db.BulkJob) (*Namer, error) {
	if !job.CreateMissingGroups {
		return nil, nil
	}
	l, err := Of(job)
	n := &Namer{groups: map[key]row.NewGroup{}}
	for _, g := range l {
		n.groups[key{g.SchoolID, fold.Text(g.Name)}] = g.NewGroup
		n.last = max(n.last, g.N)
	}
	return n, err
}

// Name returns the group of a school that a text names, or why it cannot be created.
func (n *Namer) Name(school int, text string) (row.NewGroup, *row.Problem) {
	k := key{school, fold.Text(text)}
	if g, there := n.groups[k]; there {
		return g, nil
	}
	if err := roster.GroupFields.By("name").Check(text); err != nil {
		return row.NewGroup{}, row.FromFault(err, "Correct the cell, or create the class first.")
	}
	if len(n.groups) == Most {
		return row.NewGroup{}, row.Problemf(row.TooMany, "Import the classes first, as a file of classes and groups.",
			"The file would create more than %d classes and groups.", Most)
	}
	n.last++
	n.groups[k] = row.NewGroup{N: n.last, SchoolID: school, Name: text}
	return n.groups[k], nil
}

const (
	// MostRead is how many groups are read at once at most.
	MostRead = 100
	usual    = 20
)

// First returns the first groups that rows name; n is nil for the usual number. It returns
// fault.Invalid for a number that is none.
func (l List) First(n *int) (List, error) {
	most := usual
	if n != nil {
		most = *n
	}
	if most < 0 || most > MostRead {
		return nil, fault.Invalidf("a list of groups can have 0 to %d of them, not %d", MostRead, most).At("first")
	}
	named := l.Named()
	return named[:min(most, len(named))], nil
}

// MayCreate refuses a submission that creates groups if it is not about students, or if the
// viewer is no administrator of the organization. Teachers teach what they create, which
// they say in a file of groups.
func MayCreate(v *viewer.Viewer, o *db.Organization, kind bulkjob.Kind, create bool) error {
	const at = "createMissingGroups"
	switch {
	case !create:
		return nil
	case kind != bulkjob.KindIMPORT_STUDENTS:
		return fault.Invalidf("only an import of students can create the classes and groups that its rows name").At(at)
	case v.Administers(o.ID, o.DistrictID), v.Holds(viewer.RosterImport, o.ID, o.DistrictID):
		return nil
	default:
		return fault.Forbiddenf("only administrators can have a file of students create classes and groups").At(at)
	}
}
