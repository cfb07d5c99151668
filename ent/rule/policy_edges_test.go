package rule_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
)

// relates tries to change rows of another entity: through an edge whose column is in that
// entity. People can do so neither in a change nor in a creation.
func (b bench) relates(t *testing.T, name string, p policy, c caller) {
	t.Helper()
	refused := !c.isSystem() || p.writtenOnce
	for _, edge := range foreignEdges(call(b.entities[name], "Update"), p) {
		builder := call(b.entities[name], "Update")
		edge.on(builder)
		*b.reached = nil
		if _, err := do(c.context(), builder, "Save"); errors.Is(err, privacy.Deny) != refused {
			t.Errorf("update %s %s by %s: %v; refused: want %v", name, edge.method, c.name, err, refused)
		}
	}
	rule := b.changeable(c, p.create, p.createByKey)
	if rule == nil || p.create == nil {
		return
	}
	for _, r := range b.candidates(name, c) {
		if !rule(r) {
			continue
		}
		for _, edge := range foreignEdges(b.builder(name, r), p) {
			builder := b.builder(name, r)
			edge.on(builder)
			if _, err := do(c.context(), builder, "Exec"); errors.Is(err, privacy.Deny) == c.isSystem() {
				t.Errorf("create %s %s by %s: %v; refused: want %v", name, edge.method, c.name, err, !c.isSystem())
			}
		}
		return
	}
}

// foreignEdges are the changes of a builder that are about no column of the entity.
func foreignEdges(builder reflect.Value, p policy) (all []change) {
	columns := strings.Fields(strings.Join(p.changed(), " ") + " " + p.fixed)
	for i := range builder.NumMethod() {
		m := changing.FindStringSubmatch(builder.Type().Method(i).Name)
		if m == nil || p.ownColumn(m[3]) ||
			slices.ContainsFunc(columns, func(c string) bool { return stem(c) == stem(m[3]) || stem(c) == stem(m[3]+m[4]) }) {
			continue
		}
		method := builder.Method(i).Type()
		switch {
		case method.NumIn() == 0:
			all = append(all, change{method: m[0]})
		// not the same with entities for keys
		case method.In(0) == reflect.TypeFor[[]int](), method.In(0) == reflect.TypeFor[int]():
			all = append(all, change{method: m[0], value: reflect.ValueOf(1)})
		}
	}
	return all
}

// ownColumn says whether an edge is a column of the entity itself.
func (p policy) ownColumn(edge string) bool {
	if slices.Contains([]string{"Submitter", "Creator"}, edge) { // submitted_by and created_by
		return true
	}
	for column := range strings.FieldsSeq(strings.Join(p.changed(), " ") + " " + p.fixed) {
		if stem(column) == stem(edge+"_id") {
			return true
		}
	}
	return false
}
