package identity_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// fill guesses at the passwords of many from a network, until it is full.
func fill(h *house, network string) {
	for i := range 30 {
		guess(h.Service, fmt.Sprintf("pupil%d@example.com", i), network, 50)
	}
}

// TestAFloodKeepsNobodyOut lets somebody in a school guess everybody's passwords without
// end, from the address that the whole school shares.
func TestAFloodKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, h *house){
		"a right password opens in a browser that was never seen, amid 400 wrong ones": func(t *testing.T, h *house) {
			var flood sync.WaitGroup
			full := make(chan struct{}, 400)
			for i := range 400 {
				flood.Go(func() {
					_, err := h.SignIn(from(school), fmt.Sprintf("pupil%d@example.com", i%30), "guess")
					if code(err) == limited {
						full <- struct{}{}
					} else if code(err) != wrong && fault.KindOf(err) != fault.Unavailable { // it has waited for too long
						t.Errorf("%v", err)
					}
				})
			}
			<-full
			h.in(t, h.NorthAdmin, school)
			flood.Wait()
			h.in(t, h.NorthTeacher, school)
		},
		"two passwords are tried at an account then, whether it is there or not": func(t *testing.T, h *house) {
			fill(h, school)
			for _, email := range []string{"nora@example.com", "nobody@example.com"} {
				if n := guess(h.Service, email, school, 50); n != 2 {
					t.Errorf("%d were tried at %s", n, email)
				}
			}
			if _, err := h.SignIn(from(school), "nora@example.com", password); code(err) != limited {
				t.Errorf("the right password behind them: %v; want it to wait", err)
			}
			h.in(t, h.NorthAdmin, home)
			h.pass(10 * time.Minute)
			fill(h, school)
			for _, email := range []string{"tom@example.com", "nobody@example.com"} {
				want := map[string]int{"tom@example.com": 2, "nobody@example.com": 1}[email]
				if n := guess(h.Service, email, school, 50); n != want {
					t.Errorf("%d were tried at %s ten minutes later, want %d", n, email, want)
				}
			}
			h.in(t, h.NorthAdmin, school)
		},
		"who guesses at one account from many such networks tries no more than from others": func(t *testing.T, h *house) {
			tried := 0
			for i := range 20 {
				network := fmt.Sprintf("192.0.2.%d", i)
				fill(h, network)
				tried += guess(h.Service, "nora@example.com", network, 50)
			}
			if tried != 30 {
				t.Errorf("%d were tried", tried)
			}
		},
		"a link for a new password and a passkey can be asked for": func(t *testing.T, h *house) {
			fill(h, school)
			if err := h.RequestPasswordReset(from(school), "nora@example.com"); err != nil {
				t.Errorf("a link: %v", err)
			}
			if _, err := h.BeginPasskeySignIn(from(school)); err != nil {
				t.Errorf("a passkey: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) { test(t, newHouse(t, d)) })
		})
	}
}
