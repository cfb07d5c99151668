package importer

import (
	"context"
	"fmt"
	"homeroom/ent/db"
	"homeroom/internal/viewer"
	"slices"
	"strconv"
)

// verifySelection is verify for a job without a file: it reads who was selected
// and writes down what will change.
func (s checking) verifySelection(ctx context.Context, h *held, v *viewer.Viewer) error {
	ids, err := s.selected(ctx, h.job.ID)
	if err != nil {
		return err
	}
	err = s.queue.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET total_rows = ? WHERE id = ?", len(ids), h.job.ID)
		return err
	})
	if err != nil {
		return err
	}
	c, refusal, err := s.checkerOf(ctx, h.job, v)
	if err != nil {
		return err
	}
	if refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	// The names of columns stand for the fields, as in a file with our own headers.
	l := &layout{format: &s.kinds.about(h.job.Kind).Format, index: map[string]int{}, header: map[string]string{colGrade: colGrade, colGroups: colGroups}}
	row := 0
	p := &preview{service: s.Service, held: h}
	for chunk := range slices.Chunk(ids, s.rowsAtOnce(batchRows)) {
		rows := make([]*fileRow, len(chunk))
		for i, id := range chunk {
			row++
			rows[i] = &fileRow{Row: row, N: row, layout: l, cells: []string{strconv.Itoa(id)}}
		}
		if err := c.checkRows(ctx, rows); err != nil {
			return fmt.Errorf("check the selected students from %d on: %w", rows[0].Row, err)
		}
		for _, r := range rows {
			for _, p := range r.problems {
				reword(p)
			}
		}
		if err := p.add(ctx, rows); err != nil {
			return err
		}
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	return s.finishVerifying(ctx, h, p.total)
}
