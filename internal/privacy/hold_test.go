package privacy_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/privacy"
)

// TestErasuresCountTowardsAHold has an administrator erase a school, twenty students
// at a time.
func TestErasuresCountTowardsAHold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var all []privacy.Confirmed
		for range 30 {
			st := w.Student(t, w.North, "Sam", "Small", 0)
			all = append(all, privacy.Confirmed{ID: st.ID, ExternalID: st.ExternalID})
		}
		admin := w.As(t, w.NorthAdmin)
		if _, err := w.privacy.Erase(admin, all[:20], "letter 17", nil); faultOf(t, err).Code != hold.Required {
			t.Errorf("twenty of thirty are erased: %v", err)
		}
		if _, err := w.privacy.Erase(admin, all[:9], "letter 17", nil); err != nil {
			t.Fatal(err)
		}
		if err := w.roster.DeleteStudents(admin, []int{all[10].ID, all[11].ID}); faultOf(t, err).Code != hold.Required {
			t.Errorf("deleted as well: %v", err)
		}
		if _, err := w.privacy.Erase(admin, all[20:21], "letter 17", nil); err != nil {
			t.Errorf("a tenth: %v", err)
		}
	})
}
