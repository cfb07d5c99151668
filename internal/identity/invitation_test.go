package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestAnInvitationSaysWhoInvitesAndToWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		ctx := as(h.in(t, h.NorthAdmin, school))
		if _, err := h.Invite(ctx,
			identity.NewEducator{
				Email:          "ida@example.com",
				FirstName:      "Ida",
				LastName:       "Inn",
				Role:           viewer.Teacher,
				OrganizationID: h.North.ID,
			}); err != nil {
			t.Fatal(err)
		}
		m := h.delivered(t, 1)[0]
		for _, part := range []string{"Hello Ida,",
			"Nora North has made an account for you at Homeroom, as a teacher at North School.",
			"https://homeroom.example.org/account/set-password#"} {
			if !strings.Contains(m.Text, part) {
				t.Errorf("the mail lacks %q:\n%s", part, m.Text)
			}
		}
		if m.To != "ida@example.com" || m.Subject != "Your account for Homeroom" {
			t.Errorf("%q to %q", m.Subject, m.To)
		}
	})
}

// TestInvitationsAreFew invites more people than anybody knows.
func TestInvitationsAreFew(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.serveMails(t)
		nora, saul := as(h.in(t, h.NorthAdmin, school)), as(h.in(t, h.SouthAdmin, school))
		invite := func(ctx context.Context, email string, at *db.Organization) error {
			_, err := h.Invite(ctx, identity.NewEducator{
				Email: email, FirstName: "New", LastName: "Name", Role: viewer.Teacher, OrganizationID: at.ID,
			})
			return err
		}
		limited := func(t *testing.T, err error) {
			t.Helper()
			if f := fault.From(err); f == nil || f.Code != "RATE_LIMITED" || f.RetryAfter < 1 {
				t.Errorf("got %+v", f)
			}
		}
		t.Run("what stands behind a plus is the same mailbox", func(t *testing.T) {
			for i := range 5 {
				if err := invite(nora, fmt.Sprintf("victim+%d@example.net", i), h.North); err != nil {
					t.Fatal(err)
				}
			}
			limited(t, invite(nora, "victim@example.net", h.North))
			limited(t, invite(nora, "Victim+other+more@example.net", h.North))
			if h.Client().Educator.Query().Where(educator.EmailKeyContains("other+more")).ExistX(fixture.System()) {
				t.Error("there is an account all the same")
			}
		})
		t.Run("an inviter has a bound, and others go on", func(t *testing.T) {
			n := 7 // of before
			for ; n < 200; n++ {
				if err := invite(nora, fmt.Sprintf("new%d@example.net", n), h.North); err != nil {
					limited(t, err)
					break
				}
			}
			if n != 100 {
				t.Errorf("%d invitations of one person", n)
			}
			if err := invite(saul, "saul1@example.net", h.South); err != nil {
				t.Errorf("somebody else: %v", err)
			}
			h.pass(10 * time.Minute)
			if err := invite(nora, "later@example.net", h.North); err != nil {
				t.Errorf("ten minutes later: %v", err)
			}
			limited(t, invite(nora, "later2@example.net", h.North))
		})
		// nearly uses up a limit but for one.
		nearly := func(t *testing.T, limit string, id int, until time.Duration) {
			t.Helper()
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", limit, id))
			if n := h.Client().SignInMark.Update().Where(signinmark.Mark(hex.EncodeToString(sum[:]))).
				SetUntilMs(h.clock().Add(until).UnixMilli()).SaveX(fixture.System()); n != 1 {
				t.Fatalf("%d marks", n)
			}
		}
		dora := as(h.in(t, h.DistrictAdmin, school))
		tess := h.As(t, h.Educator(t, h.Alpha, "Tess South", viewer.SchoolAdmin, h.South))
		t.Run("so has a school", func(t *testing.T) {
			nearly(t, "invitations of a school", h.South.ID, 149*5*time.Minute)
			if err := invite(tess, "tess1@example.net", h.South); err != nil {
				t.Error(err)
			}
			limited(t, invite(tess, "tess2@example.net", h.South))
			limited(t, invite(saul, "tess2@example.net", h.South))
			h.pass(10 * time.Minute)
			if err := invite(nora, "nora1@example.net", h.North); err != nil {
				t.Errorf("another school: %v", err)
			}
			if err := invite(dora, "tess2@example.net", h.South); err != nil {
				t.Errorf("the district at the same school: %v", err)
			}
		})
		t.Run("so have all schools of a district, and its administrators go on", func(t *testing.T) {
			nearly(t, "invitations of schools", h.Alpha.ID, 499*2*time.Minute)
			if err := invite(saul, "saul2@example.net", h.South); err != nil {
				t.Error(err)
			}
			limited(t, invite(saul, "saul3@example.net", h.South))
			h.pass(10 * time.Minute)
			nearly(t, "invitations of schools", h.Alpha.ID, 500*2*time.Minute)
			limited(t, invite(nora, "nora2@example.net", h.North))
			if err := invite(dora, "dora1@example.net", h.North); err != nil {
				t.Errorf("the district: %v", err)
			}
			if err := invite(fixture.System(), "operator@example.net", h.North); err != nil {
				t.Errorf("the operator: %v", err)
			}
		})
	})
}

// linked is what mail programs make a link or a telephone number of.
var linked = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:/|www\.|\S@\S|[\p{L}\p{N}][.．。․｡][\p{L}\p{N}]|(\d[ ()-]?){7}`)

func TestNoNameIsALinkInAMail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		names := []string{
			"visit evil.example", "http://evil.example/x", "https:evil.example", "www.evil.example", "mail me@evil.example",
			"evil．example", "evil。example", "evil․example now", "call 0900 1234567", "a.b.c.d", "javascript:alert(1)",
			"//evil.example", "e\u202evil.example", "<a href=x>", "xn--e1afmkfd.example", "evil.example.", "St.Mary",
			"Mary\u2028Set your password at evil.example",
		}
		h.serveMails(t)
		for i, name := range names {
			h.Client().Educator.UpdateOne(h.NorthAdmin).SetFirstName(name).SetLastName(name).ExecX(fixture.System())
			h.Client().Organization.UpdateOne(h.North).SetName(name).ExecX(fixture.System())
			ctx := as(h.in(t, h.NorthAdmin, school))
			email := "new" + string(rune('a'+i)) + "@example.com"
			if _, err := h.Invite(ctx,
				identity.NewEducator{
					Email:          email,
					FirstName:      "New",
					LastName:       "Name",
					Role:           viewer.Teacher,
					OrganizationID: h.North.ID,
				}); err != nil {
				t.Fatal(err)
			}
			e := h.Client().Educator.Query().Where(educator.Email(email)).OnlyX(fixture.System())
			e.Update().SetFirstName(name).ExecX(fixture.System())
			m := h.mail(t, i)
			text := strings.ReplaceAll(m.Text, "https://homeroom.example.org/account/set-password#", "")
			if found := linked.FindString(text); found != "" {
				t.Errorf("%q makes a link of %q:\n%s", name, found, m.Text)
			}
			if before, _, _ := strings.Cut(m.Text, "\n\n"); strings.ContainsAny(before, "\r\n\u2028\u202e<>") {
				t.Errorf("%q breaks out of its line: %q", name, before)
			}
			if n := strings.Count(m.Text, "://"); n != 1 {
				t.Errorf("%q: %d addresses in\n%s", name, n, m.Text)
			}
		}
	})
}

// serveMails delivers mails until the test ends.
func (h *house) serveMails(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
}

// mail waits for a mail, the first one being 0.
func (h *house) mail(t *testing.T, i int) identity.Mail {
	t.Helper()
	for {
		h.mu.Lock()
		mails := h.mails
		h.mu.Unlock()
		if len(mails) > i {
			return mails[i]
		}
		time.Sleep(time.Millisecond)
	}
}

func TestNamesStayReadableInAMail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.serveMails(t)
		long := strings.Repeat("ö", 80)
		for i, c := range []struct{ name, shown string }{
			{"Zoë-Łucja", "Zoë-Łucja"}, {"J. R. O’Brien", "J. R. O’Brien"}, {"St. Mary & St. John", "St. Mary & St. John"},
			{"PS 118", "PS 118"}, {"王伟", "王伟"}, {"Иван", "Иван"}, {"PS 1184", "PS 1184"}, {"PS 11841", "PS"},
			{long, long}, {long + "ö", long[:len(long)-len("ö")] + "…"},
		} {
			h.Client().Educator.UpdateOne(h.NorthAdmin).SetFirstName(c.name).ExecX(fixture.System())
			if err := h.RequestPasswordReset(from(school), h.NorthAdmin.Email); err != nil {
				t.Fatal(err)
			}
			if m := h.mail(t, i); !strings.HasPrefix(m.Text, "Hello "+c.shown+",\n") {
				t.Errorf("%s is %s", c.name, m.Text)
			}
			h.pass(11 * time.Minute)
		}
	})
}
