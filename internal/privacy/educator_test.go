package privacy_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestAnEducatorIsErased(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		system := fixture.System()
		file := "First Name,Last Name,Email,External " +
			"ID,Role,School\nQuixana,Zwomble,quixana@example.org,QXZ-77,Teacher,North " +
			"School\nBeside,One,beside@example.org,B1,Teacher,North School\n"
		w.job(w.NorthAdmin, bulkjob.KindIMPORT_EDUCATORS, "educators.csv", file, true)
		e := w.Client().Educator.Query().Where(educator.EmailKey("quixana@example.org")).OnlyX(system)
		e.Update().SetPasswordHash("a hash").ExecX(system)
		w.Teach(t, e, w.Algebra)
		w.Client().Session.Create().SetEducatorID(e.ID).SetTokenHash("token").SetExpiresAt(fixture.Today).ExecX(system)
		w.Client().TotpSecret.Create().SetEducatorID(e.ID).SetSecret([]byte("x")).SetLastStep(0).ExecX(system)
		w.Client().RecoveryCode.Create().SetEducatorID(e.ID).SetCodeHash("x").ExecX(system)
		w.Client().Passkey.Create().SetEducatorID(e.ID).SetName("Phone of Zwomble").SetCredentialHash("x").
			SetCredentialID([]byte("x")).
			SetPublicKey([]byte("x")).SetAaguid("").SetSignCount(0).ExecX(system)
		w.Client().FactorChallenge.Create().SetEducatorID(e.ID).SetPurpose(factorchallenge.PurposePROOF).SetTokenHash("x").
			SetState([]byte("x")).
			SetExpiresAt(fixture.Today).ExecX(system)
		who := []string{"Quixana", "Zwomble", "QXZ-77"}
		w.wantEverywhere(who...)

		if err := w.privacy.EraseEducator(w.As(t, w.DistrictAdmin),
			"quixana@example.org"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an administrator: %v", err)
		}
		kim := w.Educator(t, w.Alpha, "Kim Kelvin", viewer.Teacher, w.North)
		if err := w.privacy.EraseEducator(system, "\u212aim@example.com"); fault.KindOf(err) != fault.NotFound ||
			w.Client().Educator.GetX(system, kim.ID).FirstName != "Kim" {
			t.Errorf("an address that is only similar: %v", err)
		}
		if err := w.privacy.EraseEducator(system, "Quixana@Example.org"); err != nil {
			t.Fatal(err)
		}
		w.wantNowhere(true, who...)
		left := w.Client().Educator.GetX(system, e.ID)
		if left.PasswordHash != "" {
			t.Error("the password is left")
		}
		if left.Disabled != 1 || left.FirstName != "Erased" ||
			left.QueryRoles().CountX(system)+left.QuerySessions().CountX(system)+left.QueryTeaching().CountX(system) != 0 {
			t.Errorf("%+v", left)
		}
		if n := w.Client().TotpSecret.Query().CountX(system) + w.Client().RecoveryCode.Query().CountX(system) +
			w.Client().Passkey.Query().CountX(system) +
			w.Client().FactorChallenge.Query().CountX(system); n != 0 {
			t.Errorf("%d rows about second factors are left", n)
		}
		if v, err := audit.Verify(context.Background(), w.DB, w.Alpha.ID, ""); err != nil || v.Damage != nil {
			t.Errorf("the audit trail: %+v, %+v, %v", v, v.Damage, err)
		}
		if err := w.privacy.EraseEducator(system, "quixana@example.org"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("twice: %v", err)
		}
		agent := w.Educator(t, w.Alpha, "Program Agent", viewer.SchoolAdmin, w.North).Update().SetService(1).SaveX(system)
		if err := w.privacy.EraseEducator(system, agent.Email); fault.KindOf(err) != fault.NotFound ||
			w.Client().Educator.GetX(system, agent.ID).FirstName != "Program" {
			t.Errorf("a program's account: %v", err)
		}
		w.healthy()
	})
}
