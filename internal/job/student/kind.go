// Package student holds the kinds of jobs about students: the import of a file, and the
// edit and the deletion of a selection.
package student

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Recount computes the usage sums of students whose school has changed, inside the
// transaction of the change.
type Recount func(ctx context.Context, client *db.Client, studentIDs []int) error

// shared is what the kinds of jobs about students share: students of a file, and
// students of a selection who are edited or deleted.
type shared struct {
	row.Env
	// recount computes the usage sums of students whose school has changed.
	recount Recount
}

// Versions implements versioned.
func (k *shared) Versions(ctx context.Context, client *db.Client, ids []int) (map[int]int, error) {
	versions := map[int]int{}
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		students, err := client.Student.Query().Where(student.IDIn(chunk...)).Select(student.FieldID, student.FieldVersion).
			All(viewer.AsSystem(ctx, "versions of students who have just been written"))
		if err != nil {
			return nil, err
		}
		for _, st := range students {
			versions[st.ID] = st.Version
		}
	}
	return versions, nil
}

// Names implements named.
func (k *shared) Names(ctx context.Context, client *db.Client, r *sheet.Row) ([]string, error) {
	return reach.NamesOfStudent(ctx, client, r.TargetID)
}

// written is what the kinds share that write new values of students.
type written struct{ *shared }

// importKind is the kind of a file of students.
type importKind struct{ written }

// NewImport returns the kind of a file of students.
func NewImport(e row.Env, recount Recount) kind.Kind {
	return importKind{written{&shared{e, recount}}}
}

// About implements kind.Kind.
func (importKind) About() *kind.About {
	return &kind.About{
		Format:          format,
		Noun:            "upload",
		ByTeachers:      true,
		OfStudents:      true,
		CreatesStudents: true,
		TellsTaken:      true,
		Thing:           loss.ThingSTUDENT,
	}
}

// Checker implements kind.Kind.
func (k importKind) Checker(_ context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	news, err := newgroup.NewNamer(c.Job)
	return &checker{Check: c, news: news}, nil, err
}

// editKind is the kind of a selection of students who are edited.
type editKind struct {
	written
	selected
}

// NewEdit returns the kind of a selection of students who are edited.
func NewEdit(e row.Env, recount Recount) kind.Kind {
	return editKind{written{&shared{e, recount}}, selected{e}}
}

// About implements kind.Kind.
func (editKind) About() *kind.About {
	return &kind.About{
		Format:     sheet.Format{Kind: bulkjob.KindEDIT_STUDENTS},
		Noun:       "edit",
		Selected:   true,
		OfStudents: true,
		Thing:      loss.ThingSTUDENT,
	}
}

// Checker implements kind.Kind.
func (k editKind) Checker(ctx context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return k.selectionCheck(ctx, c)
}

// StoreEdit implements editor.
func (k editKind) StoreEdit(ctx context.Context, in kind.Edit) (json.RawMessage, error) {
	edit, err := k.checkEdit(ctx, in)
	if err != nil {
		return nil, err
	}
	return json.Marshal(edit)
}

func (k editKind) checkEdit(ctx context.Context, in kind.Edit) (edit storedEdit, err error) {
	edit = storedEdit{Add: in.AddTo, Remove: in.RemoveFrom}
	if in.Grade != "" {
		g, err := roster.CheckGrade(in.Grade)
		if err != nil {
			return edit, err.At("grade")
		}
		edit.Grade = &g
	}
	if len(edit.Add)+len(edit.Remove) == 0 && edit.Grade == nil {
		return edit,
			fault.Invalidf("choose what to change: classes or groups to add or remove, or a grade").WithCode(row.Required)
	}
	var refusals roster.Refusals
	for field, ids := range map[string][]int{"addToGroupIds": edit.Add, "removeFromGroupIds": edit.Remove} {
		if len(ids) > roster.MaxGroupsAtOne {
			return edit, fault.Invalidf("choose at most %d classes or groups at once", roster.MaxGroupsAtOne).
				WithCode(row.TooMany).At(field)
		}
		seen, err := bulk.IDSet(k.DB.Client(ctx).Group.Query().Where(group.IDIn(ids...)).IDs(ctx))
		if err != nil {
			return edit, err
		}
		for i, id := range ids {
			if !seen[id] {
				refusals = append(refusals, roster.ErrNoGroup.At(field, i))
			}
		}
	}
	for i, id := range edit.Remove {
		if slices.Contains(edit.Add, id) {
			refusals = append(refusals,
				fault.Invalidf("students cannot join and leave the same class or group at once").At("removeFromGroupIds", i))
		}
	}
	if len(refusals) > 0 {
		slices.SortStableFunc(refusals, func(a, b *fault.Error) int { return cmp.Compare(a.Field, b.Field) })
		return edit, refusals
	}
	return edit, nil
}

// deletionKind is the kind of a selection of students who are deleted.
type deletionKind struct {
	*shared
	selected
}

// NewDeletion returns the kind of a selection of students who are deleted.
func NewDeletion(e row.Env, recount Recount) kind.Kind {
	return deletionKind{&shared{e, recount}, selected{e}}
}

// About implements kind.Kind.
func (deletionKind) About() *kind.About {
	return &kind.About{
		Format:     sheet.Format{Kind: bulkjob.KindDELETE_STUDENTS},
		Noun:       "deletion",
		Selected:   true,
		OfStudents: true,
		Thing:      loss.ThingSTUDENT,
		Deletes:    true,
	}
}

// Checker implements kind.Kind.
func (k deletionKind) Checker(ctx context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return k.selectionCheck(ctx, c)
}
