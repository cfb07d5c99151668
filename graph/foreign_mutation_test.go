package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// rosterTables are what no mutation with foreign ids may change.
var rosterTables = []string{
	"organizations", "educators", "role_assignments", "service_keys", "groups", "group_educators", "students",
	"student_words", "enrollments", "usage_events", "usage_days", "products",
}

// TestMutationsOfForeignRowsChangeNothing makes up mutations from the schema that
// name nothing but rows outside of the purview. Afterwards every row of the roster
// is as it was, and no answer holds the mark of a row that the caller must not see.
func TestMutationsOfForeignRowsChangeNothing(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		for _, caller := range callerNames[1:] {
			t.Run(fmt.Sprint(kind, " as ", caller), func(t *testing.T) {
				t.Parallel()
				w := newMarkedWorld(t, newServer(t, dbtest.Open(t, kind)))
				who := w.callers()[caller]
				w.token(t, who)
				seen := w.seenBy(who)
				c := crawler{random: rand.New(rand.NewPCG(11, 13)), schema: schema}
				for i, row := range w.rows {
					if !seen[row.mark] {
						c.ids = append(c.ids, w.ids[i])
					}
				}
				before := w.rosterDump(t)
				refused := 0
				for range *crawl {
					for _, field := range schema.Mutation.Fields {
						switch field.Name {
						case "signIn", "signOut", "requestPasswordReset", "submitBulkImport":
							continue // They name no row, or need a file: the table has them.
						}
						operation := "mutation { " + c.field(field, 1) + " }"
						text := w.told(t, who, operation)
						if strings.Contains(text, `"NOT_FOUND"`) {
							refused++
						}
						for mark, what := range w.marks {
							if !seen[mark] && strings.Contains(text, mark) {
								t.Fatalf("%s is told of %s by\n%s\n%s", caller, what, operation, text)
							}
						}
					}
				}
				if after := w.rosterDump(t); after != before {
					t.Errorf("the roster has changed\nbefore %s\nafter  %s", before, after)
				}
				if refused < *crawl {
					t.Errorf("only %d mutations were refused", refused)
				}
			})
		}
	}
}

// rosterDump is every row of the roster.
func (w *marked) rosterDump(t *testing.T) string {
	t.Helper()
	var dump strings.Builder
	for _, table := range rosterTables {
		rows, err := w.DB.Query(context.Background(), "SELECT * FROM `"+table+"` ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(places...); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(values)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&dump, "%s %s\n", table, text)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dump.String()
}
