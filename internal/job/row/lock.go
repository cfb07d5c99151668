package row

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// LockStudents keeps others from changing students until the transaction ends, and returns
// those that the context sees by their keys. Students are locked before groups.
func (e Env) LockStudents(ctx context.Context, client *db.Client, ids []int) (map[int]*db.Student, error) {
	return byKey(ids, func(st *db.Student) int { return st.ID }, func(chunk []int) ([]*db.Student, error) {
		return roster.LockStudents(ctx, client, e.Locks(), chunk)
	})
}

// LockGroups is LockStudents for groups.
func (e Env) LockGroups(ctx context.Context, client *db.Client, ids []int) (map[int]*db.Group, error) {
	return byKey(ids, func(g *db.Group) int { return g.ID }, func(chunk []int) ([]*db.Group, error) {
		return roster.LockGroups(ctx, client, e.Locks(), chunk)
	})
}

// LockEducators is LockStudents for educators.
func (e Env) LockEducators(ctx context.Context, client *db.Client, ids []int) (map[int]*db.Educator, error) {
	return byKey(ids, func(e *db.Educator) int { return e.ID }, func(chunk []int) ([]*db.Educator, error) {
		q := client.Educator.Query().Where(educator.IDIn(chunk...)).Order(db.Asc(educator.FieldID))
		if e.Locks() {
			q.ForUpdate()
		}
		return q.All(ctx)
	})
}

// LockSchools is LockStudents for schools.
func (e Env) LockSchools(ctx context.Context, client *db.Client, ids []int) (map[int]*db.Organization, error) {
	return byKey(ids, func(o *db.Organization) int { return o.ID }, func(chunk []int) ([]*db.Organization, error) {
		q := client.Organization.Query().Where(organization.IDIn(chunk...)).Order(db.Asc(organization.FieldID))
		if e.Locks() {
			q.ForUpdate()
		}
		return q.All(ctx)
	})
}

// byKey reads rows in chunks that a statement takes, in the order of their keys.
func byKey[T any](ids []int, key func(*T) int, read func(chunk []int) ([]*T, error)) (map[int]*T, error) {
	found := make(map[int]*T, len(ids))
	ids = slices.Sorted(slices.Values(ids))
	for chunk := range slices.Chunk(slices.Compact(ids), bulk.StatementRows) {
		list, err := read(chunk)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			found[key(t)] = t
		}
	}
	return found, nil
}
