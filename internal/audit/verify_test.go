package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// tamper acts as somebody who may do everything in the database, and removes the triggers
// first.
func tamper(t testing.TB, d *database.DB, statements ...string) {
	t.Helper()
	for _, trigger := range []string{"audit_events_are_not_changed", "audit_events_are_not_removed",
		"audit_details_are_not_removed", "audit_details_are_only_erased"} {
		statements = append([]string{"DROP TRIGGER " + trigger}, statements...)
	}
	for _, s := range statements {
		if _, err := d.Client(context.Background()).ExecContext(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	// Each case damages a database of its own.
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		for name, test := range map[string]struct {
			statements []string
			fault      audit.Fault
			seq        int
		}{
			"a chain that nobody touched is whole": {nil, "", 0},
			"an entry that was altered":            {[]string{"UPDATE audit_events SET actor_id = 99 WHERE seq = 4"}, audit.Altered, 4},
			"an entry that was removed":            {[]string{"DELETE FROM audit_events WHERE seq = 4"}, audit.Missing, 4},
			"an entry that was removed, with those behind it renumbered": {
				[]string{"DELETE FROM audit_events WHERE seq = 4", "UPDATE audit_events SET seq = seq - 1 WHERE seq > 4"},
				audit.Altered, 4},
			"two entries in the other order": {
				[]string{"UPDATE audit_events SET seq = 1000 WHERE seq = 3", "UPDATE audit_events SET seq = 3 WHERE seq = 4",
					"UPDATE audit_events SET seq = 4 WHERE seq = 1000"}, audit.Altered, 3},
			"the newest entries cut off":             {[]string{"DELETE FROM audit_details WHERE seq > 7", "DELETE FROM audit_events WHERE seq > 7"}, audit.CutOff, 8},
			"the newest entries cut off with a head": {[]string{"DELETE FROM audit_events WHERE seq > 7", "UPDATE audit_heads SET seq = 7"}, audit.Altered, 7},
			"the head removed":                       {[]string{"DELETE FROM audit_heads"}, audit.Altered, 10},
			"a value of a detail altered":            {[]string{"UPDATE audit_details SET body = '[]' WHERE seq = 5"}, audit.Altered, 5},
			"a detail removed":                       {[]string{"DELETE FROM audit_details WHERE seq = 5"}, audit.Altered, 5},
			"a detail of somebody else":              {[]string{"UPDATE audit_details SET subject_id = 99 WHERE seq = 5"}, audit.Altered, 5},
			"a detail erased by hand":                {[]string{"UPDATE audit_details SET body = NULL, salt = NULL WHERE seq = 5"}, audit.Unexplained, 5},
			"a text erased and its salt left":        {[]string{"UPDATE audit_details SET body = NULL WHERE seq = 5"}, audit.Altered, 5},
			"the time of an entry":                   {[]string{"UPDATE audit_events SET created_at = '2020-01-01 00:00:00' WHERE seq = 2"}, audit.Altered, 2},
		} {
			t.Run(string(kind)+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := dbtest.Open(t, kind)
				w := fixture.New(t, d)
				for i := range 10 {
					record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, i+1, "before", fmt.Sprint("after", i)))
					record(fixture.System(), t, d, updated(w.Beta.ID, w.East.ID, i+1, "before", "after"))
				}
				if len(test.statements) > 0 {
					var inAlpha []string
					for _, s := range test.statements {
						inAlpha = append(inAlpha, s+where(s)+fmt.Sprintf("district_id = %d", w.Alpha.ID))
					}
					tamper(t, d, inAlpha...)
				}
				v := verify(t, d, w.Alpha.ID, "")
				switch {
				case test.fault == "" && (v.Damage != nil || v.Entries != 10 || v.Hash == ""):
					t.Errorf("%+v %+v", v, v.Damage)
				case test.fault != "" && (v.Damage == nil || v.Damage.Fault != test.fault || v.Damage.Seq != test.seq):
					t.Errorf("%+v; want %s at %d", v.Damage, test.fault, test.seq)
				}
				if v := verify(t, d, w.Beta.ID, ""); v.Damage != nil {
					t.Errorf("the other district: %+v", v.Damage)
				}
			})
		}
		t.Run(string(kind)+"/a chain that was written anew lacks the hash that was noted", func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, kind)
			w := fixture.New(t, d)
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 1, "before", "after"))
			noted := verify(t, d, w.Alpha.ID, "").Hash
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 1, "after", "later"))
			if v := verify(t, d, w.Alpha.ID, noted); v.Damage != nil {
				t.Errorf("%+v", v.Damage)
			}
			tamper(t, d, "DELETE FROM audit_details", "DELETE FROM audit_events", "DELETE FROM audit_heads")
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 1, "before", "something else"))
			if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil {
				t.Errorf("without the hash nobody could know: %+v", v.Damage)
			}
			if v := verify(t, d, w.Alpha.ID, noted); v.Damage == nil || v.Damage.Fault != audit.Unexpected {
				t.Errorf("%+v", v.Damage)
			}
		})
		t.Run(string(kind)+"/an erasure takes the values and leaves the chain whole", func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, kind)
			w := fixture.New(t, d)
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 1, "Ada", "Eva"))
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 2, "Ben", "Bob"))
			err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				n, err := audit.Erase(ctx, client, w.Alpha.ID, w.North.ID, globalid.Student, []int{1})
				if n != 1 {
					t.Errorf("%d details were erased; want 1", n)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			v := verify(t, d, w.Alpha.ID, "")
			if v.Damage != nil || v.Erased != 1 {
				t.Errorf("%+v %+v", v, v.Damage)
			}
			ctx := fixture.System()
			for _, detail := range d.Client(ctx).AuditDetail.Query().AllX(ctx) {
				if detail.SubjectID == 1 && detail.Seq == 1 && (detail.Body != nil || detail.Salt != nil) {
					t.Errorf("something is left: %v", detail)
				}
			}
		})
	}
}

// where adds a condition to a statement.
func where(statement string) string {
	for i := range len(statement) - 7 {
		if statement[i:i+7] == " WHERE " {
			return " AND "
		}
	}
	return " WHERE "
}
