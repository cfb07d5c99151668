package rule_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAServiceKeyIsDeniedByDefault goes through all entities, including future ones: a key
// with every scope of a whole district reads four, and creates, changes and deletes
// nothing except what it submits.
func TestAServiceKeyIsDeniedByDefault(t *testing.T) {
	t.Parallel()
	reads := []string{"BulkJob", "BulkJobProblem", "BulkJobRow", "Organization"}
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		ctx := viewer.NewContext(context.Background(), &viewer.Viewer{Key: &viewer.Key{
			ID: 1, OrganizationID: w.Alpha.ID, DistrictID: w.Alpha.ID, AgentID: w.DistrictAdmin.ID, Scopes: viewer.Scopes(),
		}})
		entities := 0
		for entity, client := range clients(w.Client()) {
			entities++
			if err := last(ctx, client, "Query", "Count"); errors.Is(err, privacy.Deny) == slices.Contains(reads, entity) {
				t.Errorf("reading %s: %v", entity, err)
			}
			for _, change := range []string{"Create", "Update", "Delete"} {
				if err := last(ctx, client, change, "Exec"); !errors.Is(err, privacy.Deny) {
					t.Errorf("%s %s: %v; want it denied", change, entity, err)
				}
			}
		}
		if entities < 20 {
			t.Errorf("only %d entities were found", entities)
		}
		if n := d.Client(ctx).Organization.Query().CountX(ctx); n != 3 {
			t.Errorf("the key sees %d organizations; want the district and its two schools", n)
		}
	})
}

// clients are the clients of all entities, by name.
func clients(client *db.Client) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	v := reflect.ValueOf(client).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && v.Type().Field(i).IsExported() &&
			f.MethodByName("Query").IsValid() {
			all[v.Type().Field(i).Name] = f
		}
	}
	return all
}

// last calls a method of a client, such as Query, and one of what it returns,
// such as Count, and gives the error.
func last(ctx context.Context, client reflect.Value, first, second string) error {
	builder := client.MethodByName(first).Call(nil)[0]
	results := builder.MethodByName(second).Call([]reflect.Value{reflect.ValueOf(ctx)})
	err, _ := results[len(results)-1].Interface().(error)
	return err
}
