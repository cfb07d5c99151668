package roster_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// TestEveryFieldHasItsInputs fails for a field that cannot be set by hand, and for an
// input that is no field and would be passed over.
func TestEveryFieldHasItsInputs(t *testing.T) {
	t.Parallel()
	for _, f := range roster.StudentFields.Values() {
		if !roster.HasInput(f.DB) {
			t.Errorf("%s is a field of a student; studentInputs does not say where NewStudent and StudentChange have it", f.DB)
		}
	}
	for _, f := range roster.GroupFields.Values() {
		if !roster.HasGroupInput(f.DB) {
			t.Errorf("%s is a field of a group; groupInputs does not say where GroupChange has it", f.DB)
		}
	}
	for _, in := range []any{roster.NewStudent{}, roster.StudentChange{}} {
		of := reflect.TypeOf(in)
		for i := range of.NumField() {
			name, found := of.Field(i).Name, false
			if strings.HasSuffix(of.Field(i).Type.String(), "string") {
				for _, f := range roster.StudentFields {
					found = found || strings.EqualFold(f.API, name)
				}
				if !found {
					t.Errorf("%s has %s, which is no field of roster.StudentFields", of.Name(), name)
				}
			}
		}
	}
}

// TestWhatIsMadeOfAFieldFollowsIt changes names by hand and checks the columns that are
// computed from them.
func TestWhatIsMadeOfAFieldFollowsIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin := w.As(t, w.NorthAdmin)
		st := w.Student(t, w.North, "Ada", "Byron", 0)
		st, err := r.UpdateStudent(admin,
			roster.StudentChange{ID: st.ID, LastName: ptr("Lovelace"), Username: ptr("Countess")})
		if err != nil {
			t.Fatal(err)
		}
		if st.SortName != fold.SortName("Lovelace", "Ada") || st.UsernameKey != fold.Key("Countess") {
			t.Errorf("sorted as %q, matched as %q", st.SortName, st.UsernameKey)
		}
		g, err := r.UpdateGroup(admin, roster.GroupChange{ID: w.Algebra.ID, Name: ptr("Ébène")})
		if err != nil {
			t.Fatal(err)
		}
		if g.NameKey != fold.Text("Ébène") {
			t.Errorf("matched as %q", g.NameKey)
		}
	})
}
