package privacy_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/fixture"
)

func TestTheServerPurgesOnceADay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		run := func() { w.privacy.Look(t.Context(), 2) }
		deleted := func(first string) {
			st := w.Student(t, w.North, first, "Gone", 0)
			st.Update().SetDeletedAt(w.clock.Now().AddDate(0, 0, -100)).ExecX(fixture.System())
		}
		left := func(want int, when string) {
			t.Helper()
			if got := w.Client().Student.Query().CountX(fixture.System()); got != want {
				t.Errorf("%s %d students are left, want %d", when, got, want)
			}
		}
		deleted("One")
		run()
		left(1, "at the first start, at three in the afternoon,")
		w.clock.days(1)
		run()
		left(0, "a day later")
		deleted("Two")
		run()
		left(1, "on the same day again")
		w.clock.days(1)
		run()
		left(0, "and on the next one")
	})
}
