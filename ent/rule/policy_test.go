package rule_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestThePoliciesByThemselves tries every cell of policies() on random districts, without
// a service in front. The policies must let exactly those see and change rows whom the
// reference lets.
func TestThePoliciesByThemselves(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, rand.Uint64()} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind database.Kind, url string) {
				d, err := database.Open(context.Background(), url)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { d.Close() })
				if _, err := d.Migrate(context.Background()); err != nil {
					t.Fatal(err)
				}
				w := district(t, d, seed)
				client, reached := rehearse(t, kind, url)
				b := bench{
					world:    w,
					client:   client,
					reached:  reached,
					entities: clients(client),
					rnd:      rand.New(rand.NewPCG(seed, 2)),
				}
				for _, p := range policies() {
					w.load(t, p.table)
				}
				all := policies()
				for _, name := range slices.Sorted(maps.Keys(all)) { // in one order, for the seed
					p := all[name]
					if !b.entities[name].IsValid() {
						t.Fatalf("there is no entity %s; take it out of policies()", name)
					}
					for _, c := range w.callers {
						b.reads(t, name, p, c)
						b.updates(t, name, p, c)
						b.relates(t, name, p, c)
						b.removes(t, name, p, c)
						b.creates(t, name, p, c)
					}
				}
			})
		})
	}
}

// bench is a world with a client on which changes are rehearsed.
type bench struct {
	*world
	client   *db.Client
	reached  *[]int
	entities map[string]reflect.Value
	rnd      *rand.Rand
}

// do calls a method of a builder with a context, and returns what it says; the last
// result is the error.
func do(ctx context.Context, builder reflect.Value, method string) ([]reflect.Value, error) {
	results := builder.MethodByName(method).Call([]reflect.Value{reflect.ValueOf(ctx)})
	err, _ := results[len(results)-1].Interface().(error)
	return results, err
}

// call calls a method that has one result.
func call(on reflect.Value, method string, args ...reflect.Value) reflect.Value {
	return on.MethodByName(method).Call(args)[0]
}

// rule returns which rows a caller reaches: all, those of the rule, or nil for a caller
// who is refused. Several hands together reach what each of them reaches alone.
func (w *world) rule(c caller, people, programs may) func(row) bool {
	switch {
	case c.viewer == nil:
		return nil
	case c.isSystem():
		return func(row) bool { return true }
	}
	of := func(a ask) may {
		if a.v.Key != nil {
			return programs
		}
		return people
	}
	if !everybody(w, c, func(a ask) bool { return of(a) != nil }) {
		return nil
	}
	return func(r row) bool { return everybody(w, c, func(a ask) bool { return of(a)(a, r) }) }
}

// everybody says whether something holds for each hand of a caller.
func everybody(w *world, c caller, holds func(ask) bool) bool {
	return !slices.ContainsFunc(c.viewer.Hands(), func(h *viewer.Viewer) bool { return !holds(ask{w, h}) })
}

// readable is rule for reading.
func (w *world) readable(c caller, p policy) func(row) bool {
	if c.isBeforeSecondFactor() && !p.beforeSecondFactor {
		return nil
	}
	return w.rule(c, p.read, p.readByKey)
}

// changeable is rule for changing something.
func (w *world) changeable(c caller, people, programs may) func(row) bool {
	if c.isBeforeSecondFactor() {
		return nil
	}
	return w.rule(c, people, programs)
}

// keys are the rows of a table that a rule lets somebody reach.
func (w *world) keys(table string, rule func(row) bool) []int {
	var ids []int
	for _, r := range w.tables[table] {
		if rule(r) {
			ids = append(ids, r.id("id"))
		}
	}
	return ids
}

// compare reports a cell that differs from the table. A caller who is not refused in
// principle may still be refused if there is nothing to reach.
func (b bench) compare(t *testing.T, cell string, c caller, table string, rule func(row) bool, got []int, err error) {
	t.Helper()
	denied := errors.Is(err, privacy.Deny)
	if rule == nil {
		if !denied {
			t.Errorf("%s by %s: %v, rows %v; want it refused", cell, c.name, err, got)
		}
		return
	}
	if err != nil && !denied && !db.IsNotFound(err) {
		t.Errorf("%s by %s: %v", cell, c.name, err)
		return
	}
	if want := b.keys(table, rule); !slices.Equal(got, want) {
		t.Errorf("%s by %s: rows %v (%v); want %v", cell, c.name, got, err, want)
	}
}

func (b bench) reads(t *testing.T, name string, p policy, c caller) {
	t.Helper()
	rule := b.readable(c, p)
	results, err := do(c.context(), call(b.entities[name], "Query"), "IDs")
	ids, _ := results[0].Interface().([]int)
	slices.Sort(ids)
	b.compare(t, "read "+name, c, p.table, rule, ids, err)
	results, err = do(c.context(), call(b.entities[name], "Query"), "Count")
	if n := int(results[0].Int()); err == nil && n != len(ids) {
		t.Errorf("count %s by %s: %d; want %d", name, c.name, n, len(ids))
	}
	for edge := range strings.FieldsSeq(p.edges) {
		query := call(call(b.entities[name], "Query"), "Query"+edge)
		other := policies()[strings.TrimSuffix(query.Type().Elem().Name(), "Query")]
		results, err := do(c.context(), query, "IDs")
		ids, _ := results[0].Interface().([]int)
		there := b.readable(c, other)
		switch {
		case (rule == nil || there == nil) && !errors.Is(err, privacy.Deny):
			t.Errorf("read %s of %s by %s: %v; want it refused", edge, name, c.name, err)
		case rule != nil && there != nil && (err != nil || !subset(ids, b.keys(other.table, there))):
			t.Errorf("read %s of %s by %s: %v %v; want none but %v", edge, name, c.name, ids, err, b.keys(other.table, there))
		}
	}
}

func subset(some, all []int) bool {
	return !slices.ContainsFunc(some, func(id int) bool { return !slices.Contains(all, id) })
}

// change is one way to change a column: by Set, Add, Append or Clear.
type change struct {
	column, method string
	value          reflect.Value // not valid for Clear
}

func (c change) on(builder reflect.Value) {
	if c.value.IsValid() {
		builder.MethodByName(c.method).Call([]reflect.Value{c.value})
	} else {
		builder.MethodByName(c.method).Call(nil)
	}
}

// updates tries each column, in every way, of all rows and of one; and two columns
// of different people together.
func (b bench) updates(t *testing.T, name string, p policy, c caller) {
	t.Helper()
	var firsts []change
	var rules []func(row) bool
	for _, group := range p.update {
		for column := range strings.FieldsSeq(group.names) {
			for i, change := range b.changes(name, p.table, column) {
				rule := b.changeable(c, group.may, nil)
				if group.notTo != nil && rule != nil && !c.isSystem() &&
					!everybody(b.world, c, func(a ask) bool { return !group.notTo(a, int(change.value.Int())) }) {
					rule = nil
				}
				if p.writtenOnce {
					rule = nil
				}
				b.update(t, name, p, c, rule, change)
				if i == 0 && column == strings.Fields(group.names)[0] {
					firsts, rules = append(firsts, change), append(rules, rule)
				}
			}
		}
	}
	if len(firsts) == 0 {
		rule := b.changeable(c, nil, nil)
		if p.writtenOnce {
			rule = nil
		}
		b.update(t, name, p, c, rule)
	}
	for i := range firsts {
		for j := range i {
			both := func(r row) bool { return rules[i](r) && rules[j](r) }
			if rules[i] == nil || rules[j] == nil {
				both = nil
			}
			b.update(t, name, p, c, both, firsts[i], firsts[j])
		}
	}
}

func (b bench) update(t *testing.T, name string, p policy, c caller, rule func(row) bool, changes ...change) {
	t.Helper()
	cell := "update " + name
	for _, change := range changes {
		cell += " " + change.method
		if change.value.IsValid() && change.value.CanInt() {
			cell += fmt.Sprintf("(%d)", change.value.Int())
		}
	}
	all := call(b.entities[name], "Update")
	for _, change := range changes {
		change.on(all)
	}
	*b.reached = nil
	_, err := do(c.context(), all, "Save")
	if len(changes) == 0 { // there is no statement, only the policy
		if denied := errors.Is(err, privacy.Deny); denied != (rule == nil) {
			t.Errorf("%s by %s: %v; refused: want %v", cell, c.name, err, rule == nil)
		}
		return
	}
	b.compare(t, cell, c, p.table, rule, *b.reached, err)

	rows := b.tables[p.table]
	if len(rows) == 0 || strings.HasPrefix(changes[0].method, "Add") || strings.HasPrefix(changes[0].method, "Append") {
		return
	}
	r := rows[b.rnd.IntN(len(rows))]
	one := call(b.entities[name], "UpdateOneID", reflect.ValueOf(r.id("id")))
	for _, change := range changes {
		change.on(one)
	}
	*b.reached = nil
	_, err = do(c.context(), one, "Save")
	b.compare(t, "of one row: "+cell, c, p.table, only(r, rule), *b.reached, err)
}

// only limits a rule to one row.
func only(one row, rule func(row) bool) func(row) bool {
	if rule == nil {
		return nil
	}
	return func(r row) bool { return r.id("id") == one.id("id") && rule(r) }
}

// changes are the ways in which a builder changes a column. A column that names an
// organization is set to each of them.
func (b bench) changes(name, table, column string) (all []change) {
	builder := call(b.entities[name], "Update")
	for _, verb := range []string{"Set", "Clear", "Add", "Append"} {
		method, ok := methodFor(builder.Type(), verb, column)
		if !ok {
			continue
		}
		if method.Type.NumIn() == 1 {
			all = append(all, change{column, method.Name, reflect.Value{}})
			continue
		}
		value := reflect.New(method.Type.In(1)).Elem()
		switch {
		case column == "organization_id":
			for _, o := range b.tables["organizations"] {
				all = append(all, change{column, method.Name, reflect.ValueOf(o.id("id"))})
			}
			continue
		case value.Kind() == reflect.String:
			value.SetString(sample(table, column))
		case value.Type() == reflect.TypeFor[json.RawMessage]():
			value.SetBytes([]byte("[]"))
		case value.Kind() == reflect.Slice: // of nothing, ent appends nothing
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		}
		all = append(all, change{column, method.Name, value})
	}
	return all
}

func (b bench) removes(t *testing.T, name string, p policy, c caller) {
	t.Helper()
	rule := b.changeable(c, p.remove, nil)
	if p.writtenOnce {
		rule = nil
	}
	*b.reached = nil
	_, err := do(c.context(), call(b.entities[name], "Delete"), "Exec")
	b.compare(t, "delete "+name, c, p.table, rule, *b.reached, err)
	for _, r := range b.tables[p.table] {
		*b.reached = nil
		_, err := do(c.context(), call(b.entities[name], "DeleteOneID", reflect.ValueOf(r.id("id"))), "Exec")
		b.compare(t, "delete one "+name, c, p.table, only(r, rule), *b.reached, err)
	}
}

// creates tries new rows one by one, and each that is refused together with one
// that is not: nothing of both may arrive.
func (b bench) creates(t *testing.T, name string, p policy, c caller) {
	t.Helper()
	rule := b.changeable(c, p.create, p.createByKey)
	client := b.entities[name]
	if rule == nil || p.create == nil {
		_, err := do(c.context(), call(client, "Create"), "Exec")
		if denied := errors.Is(err, privacy.Deny); denied != (rule == nil) {
			t.Errorf("create %s by %s: %v; refused: want %v", name, c.name, err, rule == nil)
		}
		return
	}
	var allowed, refused []row
	for _, r := range b.candidates(name, c) {
		_, err := do(c.context(), b.builder(name, r), "Exec")
		switch {
		case rule(r) && !errors.Is(err, errReached):
			t.Errorf("create %s %v by %s: %v; want it to reach the database", name, r, c.name, err)
		case !rule(r) && !errors.Is(err, privacy.Deny):
			t.Errorf("create %s %v by %s: %v; want it refused", name, r, c.name, err)
		case rule(r):
			allowed = append(allowed, r)
		default:
			refused = append(refused, r)
		}
	}
	if len(allowed) == 0 || len(refused) == 0 {
		return
	}
	good, bad := allowed[b.rnd.IntN(len(allowed))], refused[b.rnd.IntN(len(refused))]
	for _, rows := range [][]row{{good, bad}, {bad, good}} {
		bulk := call(client, "CreateBulk", b.builder(name, rows[0]), b.builder(name, rows[1]))
		if _, err := do(c.context(), bulk, "Exec"); !errors.Is(err, privacy.Deny) {
			t.Errorf("create %s %v at once by %s: %v; want it refused", name, rows, c.name, err)
		}
	}
}
