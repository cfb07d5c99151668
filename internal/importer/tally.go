package importer

// tally counts rows by what becomes of them.
type tally struct {
	rows, created, updated, unchanged, deleted, errors, warnings int
	added, removed, passwords                                    int
}

func (t *tally) add(o tally) {
	t.rows += o.rows
	t.created += o.created
	t.updated += o.updated
	t.unchanged += o.unchanged
	t.deleted += o.deleted
	t.errors += o.errors
	t.warnings += o.warnings
	t.added += o.added
	t.removed += o.removed
	t.passwords += o.passwords
}

// plan adds what a plan will do.
func (t *tally) plan(p *plan) {
	*t.of(p)++
	t.added += p.added()
	t.removed += p.removed()
	if len(p.Password) > 0 {
		t.passwords++
	}
}

// of is the number in which a row with a plan is counted.
func (t *tally) of(p *plan) *int {
	switch p.Do {
	case doCreate:
		return &t.created
	case doDelete:
		return &t.deleted
	default:
		return &t.updated
	}
}
