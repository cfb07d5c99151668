package audit_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhoActsFromWhere checks the entries of each kind of caller.
func TestWhoActsFromWhere(t *testing.T) {
	t.Parallel()
	const district, north = 1, 2
	from := func(ctx context.Context, address string) context.Context {
		return viewer.WithOrigin(ctx, viewer.Origin{Address: netip.MustParseAddr(address), RequestID: "r"})
	}
	nobody := context.Background()
	nora := viewer.NewContext(nobody, &viewer.Viewer{EducatorID: 7, DistrictID: district,
		Assignments: []viewer.Assignment{{Role: viewer.SchoolAdmin, OrganizationID: north, DistrictID: district}}})
	at := globalid.Encode(globalid.Organization, north)
	var many []viewer.Assignment
	for i := range 8 {
		many = append(many, viewer.Assignment{Role: viewer.Teacher, OrganizationID: 10 + i, DistrictID: district})
	}
	six := make([]string, 6)
	for i := range six {
		six[i] = "TEACHER@" + globalid.Encode(globalid.Organization, 10+i)
	}
	ofMany := func(n int) context.Context {
		return viewer.NewContext(nobody, &viewer.Viewer{EducatorID: 7, DistrictID: district, Assignments: many[:n]})
	}
	key := func(organization int) *viewer.Viewer {
		return &viewer.Viewer{Key: &viewer.Key{ID: 5, OrganizationID: organization, DistrictID: district,
			Scopes: viewer.Scopes()}}
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		want audit.Actor
	}{
		"a person": {nora, audit.Actor{Kind: audit.Educator, ID: 7, Roles: "SCHOOL_ADMIN@" + at, DistrictID: district,
			OrganizationID: north}},
		"the server on the way to what a person asked for": {viewer.AsSystem(nora, "on the way"),
			audit.Actor{Kind: audit.Educator, ID: 7, Roles: "SCHOOL_ADMIN@" + at, DistrictID: district, OrganizationID: north}},
		"somebody with six roles": {ofMany(6),
			audit.Actor{Kind: audit.Educator, ID: 7, Roles: strings.Join(six, " "), DistrictID: district,
				OrganizationID: district}},
		"somebody with seven": {ofMany(7),
			audit.Actor{Kind: audit.Educator, ID: 7, Roles: strings.Join(six, " ") + " and 1 more", DistrictID: district,
				OrganizationID: district}},
		"somebody with eight": {ofMany(8),
			audit.Actor{Kind: audit.Educator, ID: 7, Roles: strings.Join(six, " ") + " and 2 more", DistrictID: district,
				OrganizationID: district}},
		"a program of a school": {viewer.NewContext(nobody, key(north)),
			audit.Actor{Kind: audit.ServiceKey, ID: 5, Roles: "USAGE_WRITE ROSTER_IMPORT", DistrictID: district,
				OrganizationID: north}},
		"a program of a district": {viewer.NewContext(nobody, key(district)),
			audit.Actor{Kind: audit.ServiceKey, ID: 5, Roles: "USAGE_WRITE ROSTER_IMPORT", DistrictID: district,
				OrganizationID: district}},
		"an operator": {viewer.WithOperator(fixture.System(), "olga", "purge"),
			audit.Actor{Kind: audit.Operator, Label: "olga"}},
		"an operator in a person's name": {viewer.WithOperator(nora, "olga", "import"),
			audit.Actor{Kind: audit.Operator, Label: "olga", ID: 7}},
		"somebody who has not signed in":   {from(nobody, "192.0.2.1"), audit.Actor{Kind: audit.Anonymous}},
		"a server that answers a stranger": {from(fixture.System(), "192.0.2.1"), audit.Actor{Kind: audit.Anonymous}},
		"a viewer without an account": {viewer.NewContext(nobody, &viewer.Viewer{}),
			audit.Actor{Kind: audit.Anonymous}},
		"the server by itself":              {fixture.System(), audit.Actor{Kind: audit.Server, Label: "test fixture"}},
		"nobody, which is the program also": {nobody, audit.Actor{Kind: audit.Server}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := audit.ActorOf(c.ctx); got != c.want {
				t.Errorf("%+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestWhatAnEntryHolds records one entry after the other and reads them again.
func TestWhatAnEntryHolds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		last := func(ctx context.Context, e audit.Event) *db.AuditEvent {
			t.Helper()
			e.DistrictID = w.Alpha.ID
			record(ctx, t, d, e)
			list := events(t, d, w.Alpha.ID)
			return list[len(list)-1]
		}
		from := func(address string) context.Context {
			return viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.MustParseAddr(address),
				RequestID: strings.Repeat("r", 65)})
		}
		one := audit.Event{Action: audit.SignInRefused, Code: strings.Repeat("c", 65)}
		t.Run("an address is written in one way", func(t *testing.T) {
			for address, want := range map[string]string{
				"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1", "fe80::1%eth0": "fe80::1",
			} {
				if got := last(from(address), one).Address; got != want {
					t.Errorf("%s is written as %s", address, got)
				}
			}
		})
		t.Run("whoever is named acted, and not the server", func(t *testing.T) {
			one := one
			one.Actor = &audit.Actor{Kind: audit.Educator, ID: 9, Roles: "roles", Label: "label"}
			if e := last(fixture.System(), one); e.ActorKind != "EDUCATOR" || e.ActorID != 9 || e.Roles != "roles" ||
				e.ActorLabel != "label" {
				t.Errorf("%+v", e)
			}
		})
		t.Run("a text is as long as its column, in characters", func(t *testing.T) {
			for label, want := range map[string]string{
				strings.Repeat("é", 190): strings.Repeat("é", 190), strings.Repeat("é", 191): strings.Repeat("é",
					190), "half \xc3": "half ", "a\x1b[31m\nb": "a[31mb",
			} {
				one := one
				one.Actor = &audit.Actor{Kind: audit.Operator, Label: label, Roles: strings.Repeat("é", 256)}
				e := last(viewer.WithOperation(from("192.0.2.1"), strings.Repeat("é", 191)), one)
				if e.ActorLabel != want {
					t.Errorf("%q became %q", label, e.ActorLabel)
				}
				for field, n := range map[string]int{e.Roles: 255, e.RequestID: 64, e.Operation: 190, e.Code: 64} {
					if utf8.RuneCountInString(field) != n {
						t.Errorf("%q has not %d characters", field, n)
					}
				}
			}
		})
		t.Run("facts are a thousand bytes at most, and none are cut off", func(t *testing.T) {
			const around = len(`{"f":""}`)
			for n, ok := range map[int]bool{1000: true, 1001: false} {
				one := one
				one.DistrictID, one.Facts = w.Alpha.ID, audit.Facts{"f": strings.Repeat("x", n-around)}
				err := d.InTx(fixture.System(), func(ctx context.Context, _ *db.Client) error {
					audit.Record(ctx,
						one)
					return nil
				})
				if (err == nil) != ok {
					t.Errorf("%d bytes: %v", n, err)
				}
			}
		})
		t.Run("what changed is changed of something", func(t *testing.T) {
			e := audit.Event{Action: audit.StudentUpdated, DistrictID: w.Alpha.ID}
			e.Changes.New("firstName", "Ada")
			if err := d.InTx(fixture.System(), func(ctx context.Context, _ *db.Client) error {
				audit.Record(ctx,
					e)
				return nil
			}); err == nil {
				t.Error("it was recorded")
			}
		})
		t.Run("many entries of one transaction have all their details", func(t *testing.T) {
			err := d.InTx(fixture.System(), func(ctx context.Context, _ *db.Client) error {
				for i := range 3 {
					e := updated(w.Beta.ID, w.East.ID, 1+i, "Ada", "Eva")
					for n := range 150 { // together with the others, more than one statement writes
						e.Others = append(e.Others, audit.Detail{Subject: audit.On(globalid.Student, 1000*(i+1)+n), Changes: e.Changes})
					}
					audit.Record(ctx, e)
				}
				return nil
			})
			n := d.Client(context.Background()).AuditDetail.Query().Where(auditdetail.DistrictID(w.Beta.ID)).
				CountX(fixture.System())
			if v := verify(t, d, w.Beta.ID, ""); err != nil || v.Damage != nil || v.Entries != 3 || n != 3*151 {
				t.Errorf("%v, %+v %+v, %d details", err, v, v.Damage, n)
			}
		})
		t.Run("a detail that cannot be written rolls the change back", func(t *testing.T) {
			refuse(t, d, "audit_details", true)
			err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				audit.Record(ctx, updated(w.Alpha.ID, 0, 7, "Ada", "Eva"))
				return client.Product.Create().SetCode("MATH").Exec(ctx)
			})
			refuse(t, d, "audit_details", false)
			if n := d.Client(context.Background()).Product.Query().CountX(fixture.System()); err == nil || n != 0 {
				t.Errorf("%v, %d products", err, n)
			}
		})
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil {
			t.Errorf("%+v", v.Damage)
		}
	})
}

// TestWhatIsAChange is about fields whose values are the same, or none.
func TestWhatIsAChange(t *testing.T) {
	t.Parallel()
	ada, again, eva := "Ada", "Ada", "Eva"
	var c audit.Changes
	c.Text("same", "Ada", "Ada")
	c.Text("empty", "", "")
	c.Optional("none", nil, nil)
	c.Optional("same", &ada, &again)
	if len(c) != 0 {
		t.Errorf("what is the same has changed: %+v", c)
	}
	c.Text("text", "Ada", "Eva")
	c.Optional("optional", &ada, &eva)
	c.Optional("comes", nil, &eva)
	c.Optional("goes", &ada, nil)
	c.New("new", "Eva")
	c.Gone("gone", "Ada")
	c.Secret("password")
	value := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	var got []string
	for _, x := range c {
		got = append(got, x.Field+":"+value(x.Before)+">"+value(x.After))
	}
	if want := "text:Ada>Eva optional:Ada>Eva comes:->Eva goes:Ada>- new:->Eva gone:Ada>- password:->set"; strings.Join(
		got, " ") != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestEntriesAreDividedBySchool, because each school sees the entries about it.
func TestEntriesAreDividedBySchool(t *testing.T) {
	t.Parallel()
	type student struct{ id, school int }
	parts := audit.BySchool([]student{{1, 8}, {2, 7}, {3, 8}}, func(s student) int { return s.school })
	if len(parts) != 2 || len(parts[0]) != 1 || parts[0][0].id != 2 || len(parts[1]) != 2 {
		t.Errorf("%v", parts)
	}
}
