package identity_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestNobodyTakesEverybodyElseAway has an administrator disable people, or change and end
// their roles, one after the other: ten always, and no more than the organization allows.
func TestNobodyTakesEverybodyElseAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		teacher := viewer.Teacher
		for name, away := range map[string]func(e *db.Educator) error{
			"disabled": func(e *db.Educator) error {
				_, err := h.Disable(h.As(t, h.DistrictAdmin), e.ID, true)
				return err
			},
			"without a role": func(e *db.Educator) error {
				_, err := h.SetRole(h.As(t, h.DistrictAdmin), e.ID, h.North.ID, nil)
				return err
			},
			"demoted": func(e *db.Educator) error {
				_, err := h.SetRole(h.As(t, h.DistrictAdmin), e.ID, h.North.ID, &teacher)
				return err
			},
		} {
			var others []*db.Educator
			for i := range 11 {
				others = append(others, h.Educator(t, h.Alpha, fmt.Sprintf("P%d-%s Person", i, name), viewer.SchoolAdmin, h.North))
			}
			for i, e := range others {
				err := away(e)
				if refused := code(err) == hold.Required; refused != (i == 10) {
					t.Errorf("%s: person %d: %v", name, i+1, err)
				}
			}
			if got := h.Client().Educator.GetX(h.As(t, h.DistrictAdmin), others[10].ID); got.Disabled != 0 {
				t.Errorf("%s: the refused one is disabled", name)
			}
			for _, e := range others {
				h.wipe(t, e)
			}
		}
	})
}

// wipe takes somebody's roles away, and forgets all losses.
func (h *house) wipe(t *testing.T, e *db.Educator) {
	t.Helper()
	for _, query := range []string{"DELETE FROM losses",
		fmt.Sprintf("DELETE FROM role_assignments WHERE educator_id = %d", e.ID)} {
		if _, err := h.DB.Client(h.As(t, h.DistrictAdmin)).ExecContext(h.As(t, h.DistrictAdmin), query); err != nil {
			t.Fatal(err)
		}
	}
}
