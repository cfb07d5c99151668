package identity_test

import (
	"context"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/factortest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
)

// A previous user of an account keeps their passkeys. But an administrator who gives the
// account to somebody else, or a person who takes it back, believes that another password
// or address is enough.
func TestPasskeysAfterOtherCredentials(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora := h.NorthAdmin
		phone, _, _ := h.register(t, h.in(t, nora, "192.0.2.1"))
		tablet, _, _ := h.register(t, h.in(t, h.NorthTeacher, "192.0.2.1"))
		for what, change := range map[string]func() error{
			"a password by a link": func() error {
				return h.SetPasswordByLink(from("192.0.2.7"), h.link(t, nora, "RESET"), password)
			},
			"a password by the operator": func() error { return h.SetPassword(fixture.System(), nora.ID, password) },
			"another address": func() error {
				return d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
					return credential.Changed(ctx, client, h.clock(), nora.ID)
				})
			},
			"an account that was disabled for a while": func() error {
				if err := h.SetDisabled(fixture.System(), nora.Email, true); err != nil {
					return err
				}
				return h.SetDisabled(fixture.System(), nora.Email, false)
			},
		} {
			t.Run(what, func(t *testing.T) {
				if _, err := h.open(t, h.Service, phone); err != nil {
					t.Fatalf("before: %v", err)
				}
				if err := change(); err != nil {
					t.Fatal(err)
				}
				_, err := h.open(t, h.server(), phone)
				if code(err) != "WRONG_PASSKEY" || !strings.Contains(err.Error(), "as the second factor") {
					t.Errorf("the passkey alone: %v", err)
				}
				if copied := *phone; true {
					copied.Key.Counter = 0
					if _, err := h.open(t, h.Service, &copied); code(err) != "WRONG_PASSKEY" ||
						strings.Contains(err.Error(), "as the second factor") {
						t.Errorf("somebody without the passkey gets to know: %v", err)
					}
				}
				if _, err := h.open(t, h.Service, tablet); err != nil {
					t.Errorf("somebody else's passkey: %v", err)
				}
				step := h.step(t, nora)
				if _, err := h.CompleteSignIn(from("192.0.2.1"), step.Token,
					identity.Answer{Passkey: phone.Sign(t, step.Passkey)}); err != nil {
					t.Fatalf("beside the password: %v", err)
				}
				if _, err := h.open(t, h.server(), phone); err != nil {
					t.Errorf("alone, after it has been shown beside the password: %v", err)
				}
			})
		}
	})
}

func TestAPasskeyTellsNobodyElseWhereToSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		phone, _, _ := h.register(t, h.in(t, h.NorthAdmin, "192.0.2.1"))
		h.providerOf = map[string]string{"example.com": "Google"}
		s := h.server()
		if _, err := h.open(t, s, phone); code(err) != credential.ByProvider {
			t.Errorf("the passkey: %v", err)
		}
		forged := *phone
		forged.Key.Key = factortest.NewKey().Key
		if _, err := h.open(t, s, &forged); code(err) != "WRONG_PASSKEY" {
			t.Errorf("its name without its signature: %v", err)
		}
	})
}
