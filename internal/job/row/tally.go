package row

// Tally counts rows by what becomes of them.
type Tally struct {
	Rows, Created, Updated, Unchanged, Deleted, Errors, Warnings int
	Added, Removed, Passwords                                    int
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	t.Rows += o.Rows
	t.Created += o.Created
	t.Updated += o.Updated
	t.Unchanged += o.Unchanged
	t.Deleted += o.Deleted
	t.Errors += o.Errors
	t.Warnings += o.Warnings
	t.Added += o.Added
	t.Removed += o.Removed
	t.Passwords += o.Passwords
}

// Plan adds what a plan will do.
func (t *Tally) Plan(p *Plan) {
	*t.Of(p)++
	t.Added += p.Added()
	t.Removed += p.Removed()
	if len(p.Password) > 0 {
		t.Passwords++
	}
}

// Of is the number in which a row with a plan is counted.
func (t *Tally) Of(p *Plan) *int {
	switch p.Do {
	case Create:
		return &t.Created
	case Delete:
		return &t.Deleted
	default:
		return &t.Updated
	}
}
