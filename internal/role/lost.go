package role

import (
	"context"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Lost counts somebody whose account is disabled, or whose role ends, among the changes of
// a day at the organizations of roles, and refuses what needs a second administrator; see
// hold.Single. Otherwise one administrator could take everybody else away.
func Lost(ctx context.Context, client *db.Client, now time.Time, educatorID int, roles ...viewer.Assignment) error {
	var losses []hold.Loss
	counted := map[int]bool{}
	for _, r := range roles {
		if !counted[r.OrganizationID] {
			counted[r.OrganizationID] = true
			losses = append(losses, hold.Loss{DistrictID: r.DistrictID, OrganizationID: r.OrganizationID,
				Thing: loss.ThingEDUCATOR, Verb: loss.VerbCHANGED, Subjects: []int{educatorID}})
		}
	}
	return hold.Single(ctx, client, now, setting.Holds, losses...)
}
