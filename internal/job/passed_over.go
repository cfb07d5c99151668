package job

import (
	"context"
	"fmt"
	"time"

	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// passing is a checker that leaves out the rows whose own columns say that they do not
// count, before the checker of the kind sees them.
type passing struct {
	kind.Checker
	today time.Time
}

// CheckRows implements kind.Checker.
func (c passing) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	check, err := c.Prepare(ctx, rows)
	if err != nil {
		return err
	}
	return check(ctx)
}

// Prepare implements kind.Preparer.
func (c passing) Prepare(ctx context.Context, rows []*sheet.Row) (check func(ctx context.Context) error, err error) {
	counting, left := c.divide(rows)
	p, err := prepare(ctx, c.Checker, counting)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if err := p.check(ctx); err != nil {
			return err
		}
		return c.tell(ctx, left)
	}, nil
}

// Conclude implements kind.Concluder.
func (c passing) Conclude(rows int) *row.Problem {
	if whole, is := c.Checker.(kind.Concluder); is {
		return whole.Conclude(rows)
	}
	return nil
}

// divide passes over rows. It returns the rows that count, and the others.
func (c passing) divide(rows []*sheet.Row) (counting, left []*sheet.Row) {
	counting = make([]*sheet.Row, 0, len(rows))
	for _, r := range rows {
		if r.Refused {
			continue
		}
		s := r.Standing(c.today)
		if s.Problem == nil {
			counting = append(counting, r)
			continue
		}
		r.PassOver(s)
		r.Left = s.Left
		left = append(left, r)
	}
	return counting, left
}

// tell adds to the rows of those who have left what is still on record. It finds out whom
// the others are about as well.
func (c passing) tell(ctx context.Context, left []*sheet.Row) error {
	finder, ok := c.Checker.(kind.Finder)
	if !ok || len(left) == 0 {
		return nil
	}
	found, err := finder.OnRecord(ctx, left)
	for _, r := range left {
		if on, is := found[r]; is && r.Left {
			p := r.Problems[len(r.Problems)-1]
			p.Code = row.StillOnRecord
			p.Message = fmt.Sprintf("%s %s", p.Message, on.Is)
			p.Hint = on.Hint
		}
	}
	return err
}
