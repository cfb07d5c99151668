package importer

import (
	"cmp"
	"context"
	"encoding/json"
	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/group"
	"homeroom/ent/db/loss"
	"homeroom/ent/db/student"
	"homeroom/internal/fault"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
	"slices"
)

// recounter computes the usage sums of students whose school has changed, inside the
// transaction of the change.
type recounter func(ctx context.Context, client *db.Client, studentIDs []int) error

// studentKind is what the kinds of jobs about students share: students of a file, and
// students of a selection who are edited or deleted.
type studentKind struct {
	env
	// recount computes the usage sums of students whose school has changed.
	recount recounter
}

// versions implements versioned.
func (k *studentKind) versions(ctx context.Context, client *db.Client, ids []int) (map[int]int, error) {
	versions := map[int]int{}
	for chunk := range slices.Chunk(ids, statementRows) {
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

// undo implements kind.
func (k *studentKind) undo(ctx context.Context, client *db.Client, b *undoBatch) error {
	return k.undoStudents(ctx, client, b)
}

// names implements named.
func (k *studentKind) names(ctx context.Context, client *db.Client, r *fileRow) ([]string, error) {
	return namesOfStudent(ctx, client, r.targetID)
}

// studentImport is the kind of a file of students.
type studentImport struct{ *studentKind }

func newStudentImport(e env, recount recounter) kind {
	return studentImport{&studentKind{e, recount}}
}

func (studentImport) about() *about {
	return &about{Format: studentFormat, Noun: "upload", ByTeachers: true, OfStudents: true, CreatesStudents: true, Thing: loss.ThingSTUDENT}
}

func (k studentImport) checker(_ context.Context, c *check) (checker, *problem, error) {
	return &studentCheck{c}, nil, nil
}

func (k studentImport) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyStudents(ctx, client, b)
}

// studentEdit is the kind of a selection of students who are edited.
type studentEdit struct{ *studentKind }

func newStudentEdit(e env, recount recounter) kind {
	return studentEdit{&studentKind{e, recount}}
}

func (studentEdit) about() *about {
	return &about{Format: Format{Kind: bulkjob.KindEDIT_STUDENTS}, Noun: "edit", Selected: true, OfStudents: true, Thing: loss.ThingSTUDENT}
}

func (k studentEdit) checker(ctx context.Context, c *check) (checker, *problem, error) {
	return k.selectionCheck(ctx, c)
}

func (k studentEdit) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyStudents(ctx, client, b)
}

// storeEdit implements editor.
func (k studentEdit) storeEdit(ctx context.Context, in Edit) (json.RawMessage, error) {
	edit, err := k.checkEdit(ctx, in)
	if err != nil {
		return nil, err
	}
	return json.Marshal(edit)
}

func (k studentEdit) checkEdit(ctx context.Context, in Edit) (edit storedEdit, err error) {
	edit = storedEdit{Add: in.AddTo, Remove: in.RemoveFrom}
	if in.Grade != "" {
		g, err := roster.CheckGrade(in.Grade)
		if err != nil {
			return edit, err.At("grade")
		}
		edit.Grade = &g
	}
	if len(edit.Add)+len(edit.Remove) == 0 && edit.Grade == nil {
		return edit, fault.Invalidf("choose what is to change: classes or groups to add or remove, or a grade").WithCode(Required)
	}
	var refusals roster.Refusals
	for field, ids := range map[string][]int{"addToGroupIds": edit.Add, "removeFromGroupIds": edit.Remove} {
		if len(ids) > roster.MaxGroupsAtOne {
			return edit, fault.Invalidf("at most %d classes or groups can be chosen at once", roster.MaxGroupsAtOne).WithCode(TooMany).At(field)
		}
		seen, err := idSet(k.db.Client(ctx).Group.Query().Where(group.IDIn(ids...)).IDs(ctx))
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
			refusals = append(refusals, fault.Invalidf("students cannot both join and leave the same class or group").At("removeFromGroupIds", i))
		}
	}
	if len(refusals) > 0 {
		slices.SortStableFunc(refusals, func(a, b *fault.Error) int { return cmp.Compare(a.Field, b.Field) })
		return edit, refusals
	}
	return edit, nil
}

// studentDeletion is the kind of a selection of students who are deleted.
type studentDeletion struct{ *studentKind }

func newStudentDeletion(e env, recount recounter) kind {
	return studentDeletion{&studentKind{e, recount}}
}

func (studentDeletion) about() *about {
	return &about{Format: Format{Kind: bulkjob.KindDELETE_STUDENTS}, Noun: "deletion", Selected: true, OfStudents: true, Thing: loss.ThingSTUDENT, Deletes: true}
}

func (k studentDeletion) checker(ctx context.Context, c *check) (checker, *problem, error) {
	return k.selectionCheck(ctx, c)
}

func (k studentDeletion) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyDeletion(ctx, client, b)
}
