package audit_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// record commits one entry about a group.
func record(ctx context.Context, t testing.TB, d *database.DB, e audit.Event) {
	t.Helper()
	if err := d.InTx(ctx, func(ctx context.Context, _ *db.Client) error { audit.Record(ctx, e); return nil }); err != nil {
		t.Fatal(err)
	}
}

func updated(district, school, student int, before, after string) audit.Event {
	e := audit.Event{
		Action:         audit.StudentUpdated,
		DistrictID:     district,
		OrganizationID: school,
		Target:         audit.On(globalid.Student, student),
	}
	e.Changes.Text("firstName", before, after)
	return e
}

func events(t testing.TB, d *database.DB, district int) []*db.AuditEvent {
	t.Helper()
	ctx := fixture.System()
	return d.Client(ctx).AuditEvent.Query().Where(auditevent.DistrictID(district)).
		Order(db.Asc(auditevent.FieldSeq)).AllX(ctx)
}

func verify(t testing.TB, d *database.DB, district int, expect string) audit.Verified {
	t.Helper()
	v, err := audit.Verify(context.Background(), d, district, expect)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		ctx := viewer.WithOperation(viewer.WithOrigin(w.As(t, w.NorthTeacher),
			viewer.Origin{Address: netip.MustParseAddr("192.0.2.7"), RequestID: "r1"}), "Rename")

		t.Run("an entry knows who did what from where, also where the server acted on the way", func(t *testing.T) {
			record(viewer.AsSystem(ctx, "on the way"), t, d, updated(w.Alpha.ID, w.North.ID, 7, "Ada", "Eva"))
			list := events(t, d, w.Alpha.ID)
			if len(list) != 1 {
				t.Fatalf("%d entries; want 1", len(list))
			}
			e := list[0]
			roles := "TEACHER@" + globalid.Encode(globalid.Organization, w.North.ID)
			if e.Seq != 1 || e.ActorKind != "EDUCATOR" || e.ActorID != w.NorthTeacher.ID || e.Roles != roles ||
				e.Address != "192.0.2.7" ||
				e.RequestID != "r1" || e.Operation != "Rename" || e.OrganizationID != w.North.ID || e.TargetID != 7 {
				t.Errorf("%+v", e)
			}
			detail := d.Client(ctx).AuditDetail.Query().OnlyX(fixture.System())
			if want := `[{"field":"firstName","before":"Ada","after":"Eva"}]`; *detail.Body != want {
				t.Errorf("the detail is %s; want %s", *detail.Body, want)
			}
		})
		t.Run("what a shell says of its user is a line, and nothing to a terminal", func(t *testing.T) {
			record(viewer.WithOperator(fixture.System(), "eve\n2026-01-01 \x1b[31mSTUDENT_UPDATED\u0085", "homeroom purge"), t,
				d, updated(w.Beta.ID, 0, 7, "Ada", "Eva"))
			if got := events(t, d, w.Beta.ID)[0].ActorLabel; got != "eve2026-01-01 [31mSTUDENT_UPDATED" {
				t.Errorf("%q", got)
			}
		})
		t.Run("a transaction that is rolled back leaves no entry", func(t *testing.T) {
			broken := errors.New("broken")
			err := d.InTx(ctx, func(ctx context.Context, _ *db.Client) error {
				audit.Record(ctx, updated(w.Alpha.ID, w.North.ID, 7, "Eva", "Ida"))
				return broken
			})
			if n := len(events(t, d, w.Alpha.ID)); !errors.Is(err, broken) || n != 1 {
				t.Errorf("%v, %d entries; want the error and 1", err, n)
			}
		})
		t.Run("an entry that cannot be written rolls the change back", func(t *testing.T) {
			err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				audit.Record(ctx, audit.Event{Action: "NO_SUCH_ACTION", DistrictID: w.Alpha.ID})
				return client.Product.Create().SetCode("MATH").Exec(ctx)
			})
			if n := d.Client(ctx).Product.Query().CountX(fixture.System()); err == nil || n != 0 {
				t.Errorf("%v, %d products; want an error and none", err, n)
			}
		})
		t.Run("a change outside of a transaction is a mistake of the program", func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was recorded")
				}
			}()
			audit.Record(ctx, updated(w.Alpha.ID, w.North.ID, 7, "Eva", "Ida"))
		})
		t.Run("writers at the same time make one chain without a gap", func(t *testing.T) {
			var all sync.WaitGroup
			for i := range 6 {
				all.Go(func() {
					for range 10 {
						err := d.InTx(ctx, func(ctx context.Context, _ *db.Client) error {
							// Two chains, in another order each time.
							first, second := w.Alpha.ID, w.Beta.ID
							if i%2 == 0 {
								first, second = second, first
							}
							audit.Record(ctx, updated(first, 0, 1, "a", "b"))
							audit.Record(ctx, updated(second, 0, 1, "a", "b"))
							return nil
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			for _, district := range []int{w.Alpha.ID, w.Beta.ID} {
				if v := verify(t, d, district, ""); v.Damage != nil || v.Entries < 60 {
					t.Errorf("%+v %+v", v, v.Damage)
				}
			}
		})
	})
}

func TestNobodyChangesTheTrail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		ctx := fixture.System()
		record(ctx, t, d, updated(w.Alpha.ID, w.North.ID, 7, "Ada", "Eva"))
		if guarded, err := d.Guarded(ctx); err != nil || !guarded {
			t.Fatalf("guarded: %v, %v", guarded, err)
		}
		client := d.Client(ctx)
		attempts := map[string]func() error{
			"the program cannot change an entry": func() error { return client.AuditEvent.Update().Exec(ctx) },
			"the program cannot remove an entry": func() error { _, err := client.AuditEvent.Delete().Exec(ctx); return err },
			"the program cannot remove a detail": func() error { _, err := client.AuditDetail.Delete().Exec(ctx); return err },
			"the program cannot write into a detail": func() error {
				return client.AuditDetail.Update().SetBody("[]").Exec(ctx)
			},
			"the program cannot take the text and leave the salt": func() error {
				return client.AuditDetail.Update().ClearBody().Exec(ctx)
			},
		}
		for name, statement := range map[string]string{
			"no statement changes an entry":               "UPDATE audit_events SET actor_id = 1",
			"no statement removes an entry":               "DELETE FROM audit_events",
			"no statement removes a detail":               "DELETE FROM audit_details",
			"no statement writes into a detail":           "UPDATE audit_details SET body = '[]'",
			"no statement erases a detail and its digest": "UPDATE audit_details SET body = NULL, salt = NULL, digest = ''",
		} {
			attempts[name] = func() error { _, err := client.ExecContext(ctx, statement); return err }
		}
		for name, attempt := range attempts {
			t.Run(name, func(t *testing.T) {
				if err := attempt(); err == nil ||
					!strings.Contains(err.Error(), "never changed") && !strings.Contains(err.Error(), "deny") {
					t.Errorf("%v", err)
				}
			})
		}
		t.Run("a school sees what is about it, a teacher and another district nothing", func(t *testing.T) {
			for name, want := range map[*db.Educator]int{
				w.DistrictAdmin: 1,
				w.NorthAdmin:    1,
				w.SouthAdmin:    0,
				w.NorthTeacher:  0,
				w.BetaAdmin:     0,
			} {
				if n := client.AuditEvent.Query().CountX(w.As(t, name)); n != want {
					t.Errorf("%s sees %d entries; want %d", name.FirstName, n, want)
				}
			}
			if _, err := client.AuditDetail.Query().Where(auditdetail.Seq(1)).All(w.As(t, w.DistrictAdmin)); err == nil {
				t.Error("the details were read past their entry")
			}
		})
	})
}
