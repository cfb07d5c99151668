package rule_test

import (
	"errors"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestADetailIsErasedAndNothingElse is the one change of the audit trail that the
// server makes: it takes the text and the salt, both and nothing else.
func TestADetailIsErasedAndNothingElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, ctx := fixture.New(t, d), fixture.System()
		client := w.Client()
		detail := client.AuditDetail.Create().SetDistrictID(w.Alpha.ID).SetSeq(1).SetPosition(1).SetSubjectType("Student").
			SetSubjectID(1).
			SetSalt("salt").SetBody("body").SetDigest("digest").SaveX(ctx)
		update := client.AuditDetail.Update
		for name, change := range map[string]interface {
			Mutation() *db.AuditDetailMutation
		}{
			"the text alone":                      update().ClearBody(),
			"the salt alone":                      update().ClearSalt(),
			"another text":                        update().SetBody("other"),
			"the text, and another salt":          update().ClearBody().SetSalt("other"),
			"the salt, and another text":          update().ClearSalt().SetBody("other"),
			"both, and another text behind it":    update().ClearBody().ClearSalt().SetBody("other"),
			"both of one row, whatever it is now": client.AuditDetail.UpdateOneID(detail.ID).ClearBody().ClearSalt(),
			"nothing":                             update(),
		} {
			if _, err := client.Mutate(ctx, change.Mutation()); !errors.Is(err, privacy.Deny) {
				t.Errorf("%s: %v; want it refused", name, err)
			}
		}
		for _, who := range []*db.Educator{w.DistrictAdmin, w.NorthTeacher} {
			if err := update().ClearBody().ClearSalt().Exec(w.As(t, who)); !errors.Is(err, privacy.Deny) {
				t.Errorf("%s: %v; want it refused", who.FirstName, err)
			}
		}
		if n, err := update().ClearBody().ClearSalt().Save(ctx); n != 1 || err != nil {
			t.Errorf("an erasure: %d rows, %v; want 1", n, err)
		}
	})
}
