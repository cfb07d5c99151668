package job

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ofSelection replaces words about files in the problems of a selection, which has no
// file.
var ofSelection = strings.NewReplacer(
	"the person who uploaded the file", "the person who asked for it",
	"after the file was checked", "after the selection was checked",
	"Upload the row again to see what it would change now.", "Select the student again to see what would change now.",
	", or restore the old value of the cell", "",
	"of this row", "of this edit",
	"took part in the upload", "took part in it",
)

// reword makes a problem of a file one of a selection.
func reword(p *row.Problem) {
	p.Message, p.Hint = ofSelection.Replace(p.Message), ofSelection.Replace(p.Hint)
}

// verifySelection is verify for a job without a file: it reads who was selected
// and writes down what will change.
func (s checking) verifySelection(ctx context.Context, h *queue.Lease, v *viewer.Viewer) error {
	ids, err := s.files.Selected(ctx, h.Job.ID)
	if err != nil {
		return err
	}
	err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET total_rows = ? WHERE id = ?", len(ids), h.Job.ID)
		return err
	})
	if err != nil {
		return err
	}
	c, refusal, err := s.checkerOf(ctx, h.Job, v)
	if err != nil {
		return err
	}
	if refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	// The fields have the names of columns, as in a file with our own headers.
	l := &sheet.Layout{Format: &s.kinds.About(h.Job.Kind).Format, Index: map[string]int{}, Header: map[string]string{}}
	for _, name := range s.kinds.Selector(h.Job.Kind).Header() {
		l.Header[name] = name
	}
	number := 0
	p := &preview{service: s.Service, held: h, seen: absence.NewSeen()}
	for chunk := range slices.Chunk(ids, s.rowsAtOnce(sheet.BatchRows)) {
		rows := make([]*sheet.Row, len(chunk))
		for i, id := range chunk {
			number++
			rows[i] = &sheet.Row{Number: number, N: number, Layout: l, Cells: []string{strconv.Itoa(id)}}
		}
		if err := c.CheckRows(ctx, rows); err != nil {
			return fmt.Errorf("check the selected students from %d on: %w", rows[0].Number, err)
		}
		for _, r := range rows {
			for _, p := range r.Problems {
				reword(p)
			}
		}
		if err := p.add(ctx, rows); err != nil {
			return s.failPreview(ctx, h, err)
		}
	}
	if err := p.flush(ctx); err != nil {
		return s.failPreview(ctx, h, err)
	}
	return s.finishVerifying(ctx, h, p.total)
}
