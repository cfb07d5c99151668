package roster

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/page"
)

// Each reads the whole list in the order of names, a page at a time, so its memory does
// not grow with the list. In a snapshot, every student comes exactly once.
func (l *StudentList) Each(ctx context.Context, fn func([]*db.Student) error) error {
	size := page.Max
	args := page.Args{First: &size}
	for {
		p, err := l.Page(ctx, args, "NAME", false)
		if err != nil {
			return err
		}
		if len(p.Items) > 0 {
			if err := fn(p.Items); err != nil {
				return err
			}
		}
		if !p.HasNextPage || len(p.Cursors) == 0 {
			return nil
		}
		last := p.Cursors[len(p.Cursors)-1]
		args.After = &last
	}
}
