package roster

import (
	"fmt"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/internal/field"
)

// mutation is ent's interface for writing a row of any table.
type mutation interface {
	SetField(column string, value ent.Value) error
	ClearField(column string) error
}

// checkFields cleans the new values of fields in place and refuses those that are not
// allowed. changed returns the new value of a column, or nil if it stays.
func checkFields[T any](values field.Table[T], changed func(db string) *string, refusals *Refusals) {
	for _, f := range values {
		text := changed(f.DB)
		if text == nil {
			continue
		}
		*text = Clean(*text)
		if _, _, err := f.Read(*text); err != nil {
			*refusals = append(*refusals, err.At(f.API))
		}
	}
}

// setFields writes the new values of fields, which have been checked, and the columns that
// are computed from them. was is the row before the change, or nil for a new one.
func setFields[T any](m mutation, fields field.Table[T], was *T, changed func(db string) *string) error {
	set := func(column string, value any) error {
		if value == nil {
			if was == nil {
				return nil // A new row has nothing to empty.
			}
			return m.ClearField(column)
		}
		if err := m.SetField(column, value); err != nil {
			return fmt.Errorf("set a field: %w", err)
		}
		return nil
	}
	after := func(db string) string {
		if text := changed(db); text != nil {
			return *text
		}
		return fields.By(db).Text(was)
	}
	for _, f := range fields {
		switch {
		case f.Made != nil:
			if err := set(f.DB, f.Made(after)); err != nil {
				return err
			}
		case f.IsValue() && changed(f.DB) != nil:
			value, _, refused := f.Read(*changed(f.DB))
			if refused != nil {
				return refused
			}
			if f.Typed != nil {
				value = f.Typed(value)
			}
			if err := set(f.DB, value); err != nil {
				return err
			}
		}
	}
	return nil
}
