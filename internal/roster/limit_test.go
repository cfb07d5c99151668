package roster_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// codeOf is the code of a refusal; empty for none.
func codeOf(err *fault.Error) string {
	if err == nil {
		return ""
	}
	return err.Code
}

// TestWhatIsTypedHasItsBounds tries each limit with its last allowed character, and with
// one more. Some of the characters take several bytes.
func TestWhatIsTypedHasItsBounds(t *testing.T) {
	t.Parallel()
	of := func(n int) string { return strings.Repeat("ä", n) }
	name := func(s string) *fault.Error { return roster.CheckName(s, "first name", roster.MaxName) }
	password := func(s string) *fault.Error { return roster.CheckPassword(s, 4) }
	for _, test := range []struct {
		what  string
		check func(string) *fault.Error
		n     int
		want  string
	}{
		{"a Student ID", roster.CheckExternalID, 0, "REQUIRED"},
		{"a Student ID", roster.CheckExternalID, 1, ""},
		{"a Student ID", roster.CheckExternalID, 64, ""},
		{"a Student ID", roster.CheckExternalID, 65, "TOO_LONG"},
		{"a name", name, 0, "REQUIRED"},
		{"a name", name, 1, ""},
		{"a name", name, 100, ""},
		{"a name", name, 101, "TOO_LONG"},
		{"a username", roster.CheckUsername, 0, "REQUIRED"},
		{"a username", roster.CheckUsername, 2, "TOO_SHORT"},
		{"a username", roster.CheckUsername, 3, ""},
		{"a username", roster.CheckUsername, 100, ""},
		{"a username", roster.CheckUsername, 101, "TOO_LONG"},
		{"a password", password, 3, "PASSWORD_TOO_SHORT"},
		{"a password", password, 4, ""},
		{"a password", password, 256, ""},
		{"a password", password, 257, "PASSWORD_TOO_LONG"},
	} {
		if got := codeOf(test.check(of(test.n))); got != test.want {
			t.Errorf("%s of %d characters: %q; want %q", test.what, test.n, got, test.want)
		}
	}
	// Each ligature is three letters when it is folded, and the column holds 190.
	for n, want := range map[int]string{63: "", 64: "TOO_LONG"} {
		if got := codeOf(name(strings.Repeat("ﬃ", n))); got != want {
			t.Errorf("%d ligatures: %q; want %q", n, got, want)
		}
	}
}

// TestWhatIsChosenHasItsBounds chooses as many as may be chosen, and one more. None of
// them exists, so without the limit the answer is different.
func TestWhatIsChosenHasItsBounds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin := w.As(t, w.NorthAdmin)
		ada := w.Student(t, w.North, "Ada", "Lovelace", 0)
		many := func(n int) []int { return slices.Repeat([]int{1 << 30}, n) }
		for what, test := range map[string]struct {
			most  int
			field string
			try   func(ids []int) error
		}{
			"students of a new group": {roster.MaxSelection, "studentIds", func(ids []int) error {
				_, err := r.CreateGroup(admin, roster.NewGroup{OrganizationID: w.North.ID, Name: "New", StudentIDs: ids})
				return err
			}},
			"students who are assigned": {roster.MaxSelection, "studentIds", func(ids []int) error {
				_, err := r.AssignStudents(admin, ids, []int{w.Algebra.ID})
				return err
			}},
			"groups that students are assigned to": {roster.MaxGroupsAtOne, "groupIds", func(ids []int) error {
				_, err := r.AssignStudents(admin, []int{ada.ID}, ids)
				return err
			}},
			"students who are deleted": {roster.MaxSelection, "studentIds", func(ids []int) error { return r.DeleteStudents(admin, ids) }},
			"students who are restored": {roster.MaxSelection, "studentIds", func(ids []int) error {
				_, err := r.RestoreStudents(admin, ids)
				return err
			}},
			"groups of a new student": {roster.MaxGroupsAtOne, "groupIds", func(ids []int) error {
				_, err := r.CreateStudent(admin,
					roster.NewStudent{
						OrganizationID: w.North.ID,
						ExternalID:     "1",
						FirstName:      "Ada",
						LastName:       "L",
						Username:       "ada",
						Grade:          "8",
						GroupIDs:       ids,
					})
				return err
			}},
		} {
			for n, want := range map[int]string{test.most: "NOT_FOUND", test.most + 1: "TOO_MANY"} {
				err := test.try(many(n))
				var list roster.Refusals
				if !errors.As(err, &list) {
					list = roster.Refusals{fault.From(err)}
				}
				if list[0] == nil || list[0].Code != want || !strings.HasPrefix(list[0].Field, test.field) {
					t.Errorf("%d %s: %v; want %s at %s", n, what, list[0], want, test.field)
				}
			}
		}
		for n, want := range map[int]string{64: "", 65: "TOO_LONG"} {
			_, err := r.CreateGroup(admin,
				roster.NewGroup{OrganizationID: w.North.ID, Name: "New", ExternalID: ptr(strings.Repeat("ä", n))})
			if want == "" && err != nil {
				t.Errorf("an external id of %d characters: %v", n, err)
			} else if want != "" {
				refused(t, err, want, "externalId")
			}
		}
		for n, want := range map[int]string{190: "", 191: "TOO_LONG"} {
			_, err := r.CreateGroup(admin, roster.NewGroup{OrganizationID: w.North.ID, Name: strings.Repeat("ä", n)})
			if want == "" && err != nil {
				t.Errorf("a name of %d characters: %v", n, err)
			} else if want != "" {
				refused(t, err, want, "name")
			}
		}
	})
}
