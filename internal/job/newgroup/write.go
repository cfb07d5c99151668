package newgroup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Made are the groups of a job while rows of it are written.
type Made struct{ list List }

// Load finds out which new groups of a batch exist by now, because rows before have created
// them, and notes their keys in the rows. It refuses rows that would create a group where
// somebody has created one of that name since the check, or where one of the hands may not.
func Load(ctx context.Context, client *db.Client, b *row.Batch) (*Made, error) {
	var rows []*row.Planned
	for _, r := range b.Open() {
		if len(r.Plan.New) > 0 {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return &Made{}, nil
	}
	list, err := read(ctx, client, b.Job.ID)
	if err != nil {
		return nil, err
	}
	var schools []int
	var keys []string
	for _, r := range rows {
		r.NewIDs = make([]int, len(r.Plan.New))
		for i, n := range r.Plan.New {
			g := list.by(n.N)
			if g == nil {
				return nil, fmt.Errorf("row %d joins the new group %d, which job %d does not list", r.Row, n.N, b.Job.ID)
			}
			if r.NewIDs[i] = g.ID; g.ID == 0 {
				schools, keys = append(schools, n.SchoolID), append(keys, fold.Text(n.Name))
			}
		}
	}
	taken, err := named(ctx, client, schools, keys)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		for i, n := range r.Plan.New {
			switch {
			case !b.Viewer.Administers(n.SchoolID, b.Job.DistrictID):
				r.Gone("The school")
			case r.NewIDs[i] == 0 && taken[key{n.SchoolID, fold.Text(n.Name)}]:
				r.Stale("Somebody created the class or group %s after the file was checked.", quote.Text(n.Name))
			}
		}
	}
	return &Made{list}, nil
}

// named returns which names groups of some schools have.
func named(ctx context.Context, client *db.Client, schools []int, keys []string) (map[key]bool, error) {
	taken := map[key]bool{}
	slices.Sort(schools)
	slices.Sort(keys)
	for chunk := range slices.Chunk(slices.Compact(keys), bulk.StatementRows) {
		groups, err := client.Group.Query().
			Where(group.OrganizationIDIn(slices.Compact(schools)...), group.NameKeyIn(chunk...)).
			Select(group.FieldID, group.FieldOrganizationID, group.FieldNameKey).
			All(viewer.AsSystem(ctx, "whether a name of a new group is taken"))
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			taken[key{g.OrganizationID, g.NameKey}] = true
		}
	}
	return taken, nil
}

// Create creates the new groups of the rows that nothing was found against, each for the
// first of its rows.
func (m *Made) Create(ctx context.Context, client *db.Client, b *row.Batch, now time.Time) error {
	var lines [][]any
	var created []*Group
	var tags []string
	for _, r := range b.Open() {
		for i, n := range r.Plan.New {
			g := m.list.by(n.N)
			if r.NewIDs[i] != 0 || g.By != 0 {
				continue
			}
			g.By = r.Row
			created, tags = append(created, g), append(tags, tag(b.Job.ID, n.N))
			lines = append(lines, []any{now, b.Job.DistrictID, n.SchoolID, 0, 0, 1, tag(b.Job.ID, n.N), n.Name,
				fold.Text(n.Name)})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	err := bulk.Insert(ctx, client, group.Table,
		"created_at, district_id, organization_id, synced, student_count, version, external_id, name, name_key", lines)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for chunk := range slices.Chunk(tags, bulk.StatementRows) {
		found, err := client.Group.Query().Where(group.DistrictID(b.Job.DistrictID), group.ExternalIDIn(chunk...)).
			Select(group.FieldID, group.FieldExternalID).All(viewer.AsSystem(ctx, "keys of groups that were just created"))
		if err != nil {
			return err
		}
		for _, g := range found {
			ids[*g.ExternalID] = g.ID
		}
	}
	var untagged []bulk.Change
	for _, g := range created {
		if g.ID = ids[tag(b.Job.ID, g.N)]; g.ID == 0 {
			return fmt.Errorf("the new group %d of job %d was not found again after it had been created", g.N, b.Job.ID)
		}
		untagged = append(untagged, bulk.Change{ID: g.ID, Set: map[string]any{group.FieldExternalID: nil}})
	}
	if err := bulk.Update(ctx, client, group.Table, "", untagged); err != nil {
		return err
	}
	for _, r := range b.Open() {
		for i, n := range r.Plan.New {
			r.NewIDs[i] = m.list.by(n.N).ID
		}
	}
	return m.list.Write(ctx, client, b.Job.ID)
}

// tag is the external ID that a new group has for two statements; see row.Tag.
func tag(jobID, n int) string { return fmt.Sprintf("\x01job %d group %d", jobID, n) }

// Remove removes the new groups whose first rows are put back, after the students have left
// them. A group in which there is somebody else, or that somebody has changed, stays, and
// the row says so.
func Remove(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	first := map[int]*row.Applied{}
	for _, r := range b.Open() {
		if len(r.Plan.New) > 0 {
			first[r.Row] = r
		}
	}
	if len(first) == 0 {
		return nil
	}
	list, err := read(ctx, client, b.Job.ID)
	if err != nil {
		return err
	}
	var ids []int
	for _, g := range list {
		if first[g.By] != nil && g.ID != 0 {
			ids = append(ids, g.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	system := viewer.AsSystem(ctx, "groups that a job has created; the purview is checked beside it")
	there, taught := map[int]*db.Group{}, map[int]bool{}
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		groups, err := client.Group.Query().Where(group.IDIn(chunk...)).All(system)
		if err != nil {
			return err
		}
		for _, g := range groups {
			there[g.ID] = g
		}
		teaching, err := client.GroupEducator.Query().Where(groupeducator.GroupIDIn(chunk...)).All(system)
		if err != nil {
			return err
		}
		for _, t := range teaching {
			taught[t.GroupID] = true
		}
	}
	var gone []any
	for i := range list {
		g := &list[i]
		r, is := first[g.By], there[g.ID]
		if r == nil || g.ID == 0 {
			continue
		}
		switch {
		case is == nil:
		case !b.Viewer.Administers(is.OrganizationID, is.DistrictID):
			r.KeepPart(row.Forbidden, row.HintAsk,
				"The person who asked for the undo may not delete %s, which the upload created.", quote.Text(g.Name))
			continue
		case is.Synced == 1, is.Name != g.Name, is.ExternalID != nil, taught[is.ID]:
			r.KeepPart(row.ChangedSince, row.HintChanged,
				"Somebody has changed %s, which the upload created; it stays.", quote.Text(g.Name))
			continue
		case is.StudentCount > 0:
			r.KeepPart(row.ChangedSince, "Remove its students, and delete it by hand.",
				"%s, which the upload created, now has %s, so it stays.", quote.Text(g.Name),
				quote.Count(is.StudentCount, "student"))
			continue
		default:
			gone = append(gone, is.ID)
		}
		g.ID, g.By = 0, 0
	}
	for chunk := range slices.Chunk(gone, bulk.StatementRows) {
		if _, err := client.ExecContext(ctx, "DELETE FROM `groups` WHERE id IN ("+bulk.Placeholders(len(chunk))+")",
			chunk...); err != nil {
			return err
		}
	}
	return list.Write(ctx, client, b.Job.ID)
}
