package identity_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestIsAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"nora@example.com": true, "Nora.O'Brien+x@mail.example.co.uk": true, "nora@xn--bcher-kva.example": true, "nora@bücher.example": true,
		"jürgen@example.com": true, "n@1st.example": true, "नोरा@उदाहरण.example": true, "nora@exam-ple.com": true,
		"": false, "nora": false, "a@b": false, "a@localhost": false, "a@127.0.0.1": false, "a@[127.0.0.1]": false, "a@-x.com": false, "a@x-.com": false,
		"a@exam_ple.com": false, "a@ｅxample.com": false, "a@example。com": false, "a@exa\u200bmple.com": false, "a@example.com\u034f": false,
		"\u202ea@example.com": false, "no\u200bra@example.com": false, "no\u3164ra@example.com": false, "-oQ/tmp@example.com": false,
		"<nora@example.com>": false, "Nora <nora@example.com>": false, "nora@example.com.": false, "nora@.com": false, "nora@com..x": false,
		"a@b@c.com": false, "\"a b\"@example.com": false, "a@example.com\r\nBcc: b@example.com": false, "a@example.com,b@example.com": false,
	} {
		if got := identity.IsAddress(address); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
}

func TestOneAddressGetsFewInvitations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		invite := func(email string) error {
			_, err := h.Invite(h.As(t, h.NorthAdmin),
				identity.NewEducator{
					Email:          email,
					FirstName:      "Ida",
					LastName:       "New",
					Role:           viewer.Teacher,
					OrganizationID: h.North.ID,
				})
			return err
		}
		for n := range 5 {
			if err := invite("ida@example.com"); err != nil {
				t.Fatalf("%d: %v", n, err)
			}
		}
		if err := invite("Ida@EXAMPLE.com"); code(err) != "RATE_LIMITED" {
			t.Errorf("one more: %v", err)
		}
		if err := invite("ivy@example.com"); err != nil {
			t.Errorf("another address: %v", err)
		}
		elsewhere := h.Educator(t, h.Beta, "Eve East", viewer.DistrictAdmin, h.Beta)
		in := identity.NewEducator{
			Email:          "ida@example.com",
			FirstName:      "Ida",
			LastName:       "New",
			Role:           viewer.DistrictAdmin,
			OrganizationID: h.Beta.ID,
		}
		if _, err := h.Invite(h.As(t, elsewhere), in); code(err) != "EMAIL_TAKEN" {
			t.Errorf("in another district: %v", err)
		}
		h.delivered(t, 6)
	})
}
