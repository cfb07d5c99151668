package job_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// renaming is a kind of row that the engine does not know: a file with the Database ID of
// a group and its new name.
type renaming struct{ row.Env }

func (renaming) About() *kind.About {
	return &kind.About{Format: sheet.Format{Kind: bulkjob.KindIMPORT_GROUPS, Plural: "new names", Template: "names.csv",
		Identifying: []string{field.ColDatabaseID},
		Columns:     []field.Column{{Name: field.ColDatabaseID, Required: true}, {Name: field.ColName, Required: true}},
	}, Noun: "upload", Thing: loss.ThingGROUP}
}

type renamingCheck struct{ *reach.Check }

func (renaming) Checker(_ context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return renamingCheck{c}, nil, nil
}

func (c renamingCheck) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	for _, r := range rows {
		g, err := c.DB.Client(ctx).Group.Query().
			Where(group.ID(reach.KeyOf(globalid.Group, r.Text(field.ColDatabaseID)))).Only(ctx)
		switch name := r.Text(field.ColName); {
		case db.IsNotFound(err):
			r.Fail(field.ColDatabaseID, row.Problemf(row.UnknownGroup, "Copy it again.", "There is no such group."))
		case err != nil:
			return err
		case name != g.Name:
			p := &row.Plan{Do: row.Update}
			p.SetColumn(group.FieldName, name)
			p.SetColumn(group.FieldNameKey, fold.Text(name))
			p.Show(field.ColName, g.Name, name)
			r.Plan, r.TargetID, r.Version, r.Label = p, g.ID, g.Version, g.Name
		}
	}
	return nil
}

func (k renaming) locked(ctx context.Context, client *db.Client, ids []int) (map[int]*db.Group, error) {
	groups, err := roster.LockGroups(ctx, client, k.Locks(), ids)
	found := map[int]*db.Group{}
	for _, g := range groups {
		found[g.ID] = g
	}
	return found, err
}

func (k renaming) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	groups, err := k.locked(ctx, client, row.IDs(b.Rows, func(r *row.Planned) []int { return []int{r.TargetID} }))
	if err != nil {
		return err
	}
	var updates []bulk.Change
	for _, r := range b.Open() {
		switch g := groups[r.TargetID]; {
		case g == nil:
			r.Gone("The group")
		case g.Version != r.TargetVersion:
			r.Stale("Somebody has changed the group.")
		default:
			r.Keep(r.Plan.Set, map[string]any{group.FieldName: g.Name, group.FieldNameKey: g.NameKey})
			updates = append(updates, bulk.Change{ID: g.ID, Set: r.Plan.Set})
		}
	}
	return bulk.Update(ctx, client, group.Table, "version = version + 1", updates)
}

func (k renaming) Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	groups, err := k.locked(viewer.NewContext(ctx, b.Viewer), client, row.Targets(b.Rows, row.Every))
	if err != nil {
		return err
	}
	var updates []bulk.Change
	for _, r := range b.Open() {
		if g := groups[r.TargetID]; g == nil || !r.StillAs(map[string]any{group.FieldName: g.Name}) {
			r.ChangedSince("the group")
			continue
		}
		updates = append(updates, bulk.Change{ID: r.TargetID, Set: r.Before.Set})
	}
	return bulk.Update(ctx, client, group.Table, "version = version + 1", updates)
}

// TestAKindIsAFolder gives the engine a kind that it does not know, which gets the check,
// the preview, refused rows, the hold, the start, the end of servers in the middle and
// the undo for nothing.
func TestAKindIsAFolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		now := &clock{now: fixture.Today}
		w := newBench(t, d).World
		serve := func(t *testing.T) *bench {
			return benchOn(t, w, func(o *jobs.Options) {
				o.Now, o.Batch, o.MaxAbandoned = now.Now, 4, 1000
				o.Kinds = []kind.Kind{renaming{row.Env{DB: d, Now: now.Now}}}
			})
		}
		b := serve(t)
		b.holds()
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		file := "Database ID,Name\ngroup_0,Nobody\n"
		for i := range 20 {
			g := b.Group(t, b.North, fmt.Sprintf("Group %02d", i))
			file += globalid.Encode(globalid.Group, g.ID) + fmt.Sprintf(",New %02d\n", i)
		}
		renamed := func() int { return b.number("SELECT COUNT(*) FROM `groups` WHERE name LIKE 'New %'") }

		job := b.verified(b.NorthAdmin, b.North, bulkjob.KindIMPORT_GROUPS, file)
		b.want(job, ready, 0, 20, 0, 1)
		if changes := b.changes(b.NorthAdmin, job); len(changes) != 20 || changes[0] != "2 Group 00 Name: Group 00 → New 00" {
			t.Errorf("the preview shows %q", changes)
		}
		if _, lines := b.failedRows(b.NorthAdmin, job); !strings.HasPrefix(lines[1][0], "group_0") {
			t.Errorf("the refused rows are %q", lines)
		}
		if job = b.starts(b.NorthAdmin, job, held); renamed() != 0 {
			t.Errorf("%d groups were renamed by a job on hold", renamed())
		}
		if _, err := b.Approve(b.As(t, second), job.ID, nil); err != nil {
			t.Fatal(err)
		}
		// Each server stops in the middle, and the next one continues when its lease is
		// over.
		goOn := func(until bulkjob.Status) {
			for crashes := 0; b.job(job.ID).Status != until; crashes++ {
				if crashes == 200 {
					t.Fatalf("still %s", b.job(job.ID).Status)
				}
				now.Add(time.Minute)
				ctx, cancel := context.WithTimeout(context.Background(), after(crashes))
				_ = serve(t).Drain(ctx)
				cancel()
				b.exec("UPDATE bulk_jobs SET lease_owner = 'dead', lease_until = ? WHERE id = ? "+
					"AND status IN ('PROCESSING', 'UNDOING')", now.Now().Add(30*time.Second), job.ID)
			}
		}
		goOn(withErrors)
		if b.want(b.job(job.ID), withErrors, 0, 20, 0, 1); renamed() != 20 {
			t.Errorf("%d of 20 groups were renamed", renamed())
		}
		b.exec("UPDATE `groups` SET name = 'Newer', name_key = 'newer' WHERE name = 'New 07'")
		if _, err := b.UndoAnyway(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		goOn(bulkjob.StatusPARTIALLY_UNDONE)
		if got := b.job(job.ID); got.UndoneRows != 19 || got.KeptRows != 1 || renamed() != 0 {
			t.Errorf("%d rows undone, %d kept, %d groups still renamed", got.UndoneRows, got.KeptRows, renamed())
		}
	})
}
