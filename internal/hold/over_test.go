package hold_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/hold"
)

// TestHowMuchIsTooMuch is about the last that is allowed and the first that is not.
func TestHowMuchIsTooMuch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		n                hold.Number
		base, limit, few int
		want             bool
	}{
		"ten of the own in a small school":              {hold.Number{All: 10, Mine: 10}, 12, 10, hold.Few, false},
		"eleven of the own in a small school":           {hold.Number{All: 11, Mine: 11}, 12, 10, hold.Few, true},
		"nine of the own, with many of others":          {hold.Number{All: 90, Mine: 9}, 100, 10, hold.Few, false},
		"ten of the own, with many of others":           {hold.Number{All: 90, Mine: 10}, 100, 10, hold.Few, false},
		"eleven of the own, with many of others":        {hold.Number{All: 90, Mine: 11}, 1000, 5, hold.Few, true},
		"eleven of the own, with few of others":         {hold.Number{All: 50, Mine: 11}, 1000, 5, hold.Few, false},
		"eleven, and with others one more than a share": {hold.Number{All: 51, Mine: 11}, 1000, 5, hold.Few, true},
		"as much as the share":                          {hold.Number{All: 20, Mine: 20}, 200, 10, hold.Few, false},
		"one more than the share":                       {hold.Number{All: 21, Mine: 21}, 200, 10, hold.Few, true},
		"all, where all are allowed":                    {hold.Number{All: 200, Mine: 200}, 200, 100, hold.Few, false},
		"more than there is, where all are allowed":     {hold.Number{All: 300, Mine: 300}, 200, 100, hold.Few, false},
		"something of nothing":                          {hold.Number{All: 20, Mine: 20}, 0, 10, hold.Few, false},
		"one where none are few":                        {hold.Number{All: 1, Mine: 1}, 2, 10, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hold.Over(c.n, c.base, c.limit, c.few); got != c.want {
				t.Errorf("too much: %v", got)
			}
		})
	}
}

// TestAMonthTakesTwiceAsMuch as a day, and no more than there is.
func TestAMonthTakesTwiceAsMuch(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{1: 2, 10: 20, 49: 98, 50: 100, 51: 100, 100: 100} {
		if got := hold.OfMonth(limit); got != want {
			t.Errorf("%d %% a day are %d %% a month; want %d", limit, got, want)
		}
	}
}

// TestWhoLeavesIsChanged: a student who leaves counts as changed, not as deleted.
func TestWhoLeavesIsChanged(t *testing.T) {
	t.Parallel()
	sums := hold.Sums{}
	sums.Add(loss.ThingSTUDENT, loss.VerbCHANGED, 1)
	sums.Add(loss.ThingSTUDENT, loss.VerbLEFT, 2)
	sums.Add(loss.ThingSTUDENT, loss.VerbDELETED, 4)
	sums.Add(loss.ThingGROUP, loss.VerbCHANGED, 8)
	for verb, want := range map[loss.Verb]int{loss.VerbCHANGED: 3, loss.VerbLEFT: 2, loss.VerbDELETED: 4} {
		if got := sums.Of(loss.ThingSTUDENT, verb); got != (hold.Number{All: want, Mine: want}) {
			t.Errorf("%s: %+v, want %d", verb, got, want)
		}
	}
}
