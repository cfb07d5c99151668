package setting

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// record records in the audit trail which settings of an organization have changed.
func record(ctx context.Context, before, after *db.Organization) {
	e := audit.Event{
		Action:         audit.SettingsChanged,
		DistrictID:     after.DistrictID,
		OrganizationID: after.ID,
		Target:         audit.On(globalid.Organization, after.ID),
	}
	e.Changes.Optional("schoolYearStartsOn", shown(before.SchoolYearStartsOn), shown(after.SchoolYearStartsOn))
	e.Changes.Optional("schoolYearEndsOn", shown(before.SchoolYearEndsOn), shown(after.SchoolYearEndsOn))
	e.Changes.Optional("usageGoalMinutesPerWeek", shown(before.UsageGoalMinutes), shown(after.UsageGoalMinutes))
	e.Changes.Optional("timeZone", shown(before.TimeZone), shown(after.TimeZone))
	e.Changes.Optional("passwordMinLength", shown(before.PasswordMinLength), shown(after.PasswordMinLength))
	e.Changes.Optional("passwordRequired", shown(before.PasswordRequired), shown(after.PasswordRequired))
	e.Changes.Optional("holdDeletedPercent", shown(before.HoldDeletedPercent), shown(after.HoldDeletedPercent))
	e.Changes.Optional("holdChangedPercent", shown(before.HoldChangedPercent), shown(after.HoldChangedPercent))
	e.Changes.Optional("retentionDays", shown(before.RetentionDays), shown(after.RetentionDays))
	e.Changes.Optional("jobDays", shown(before.JobDays), shown(after.JobDays))
	e.Changes.Optional("secondFactorRequired", shown(before.SecondFactorRequired), shown(after.SecondFactorRequired))
	audit.Record(ctx, e)
}

// shown returns a setting as text; nil if it is inherited.
func shown[T any](value *T) *string {
	if value == nil {
		return nil
	}
	text := fmt.Sprint(*value)
	return &text
}
