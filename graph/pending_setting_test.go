package graph_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// waits has the administrator of South ask for a less strict hold, which then waits.
func (s *server) waits(t *testing.T, percent int) {
	t.Helper()
	s.Client().Organization.UpdateOne(s.South).SetHoldDeletedPercent(5).ClearPendingSettings().ExecX(fixture.System())
	a := s.ask(t, s.SouthAdmin, s.names(nil).Replace(fmt.Sprintf(
		`mutation { r: updateOrganizationSettings(input: {organizationId: "{{South}}", holdDeletedPercent: %d}) { userErrors {
			code } } }`, percent)), nil)
	if a.word() != ok {
		t.Fatalf("%+v", a)
	}
}

// TestAPendingSetting is about what administrators are shown of a setting that waits.
func TestAPendingSetting(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		s.waits(t, 8)
		shown := s.names(nil).
			Replace(`{ organization(id: "{{South}}") { settings { holdDeletedPercent { value } pending { setting value
				effectiveAt requestedAt requestedBy { name } } } } }`)
		a := s.ask(t, s.DistrictAdmin, shown, nil)
		if got, want := fmt.Sprint(a.at("organization.settings")),
			"map[holdDeletedPercent:map[value:5] pending:[map[effectiveAt:2026-11-19T15:00:00Z "+
				"requestedAt:2026-11-18T15:00:00Z requestedBy:map[name:Saul South] setting:HOLD_DELETED_PERCENT value:8]]]"; got !=
			want {
			t.Errorf("%s\n%s", got, want)
		}
		if a = s.ask(t, s.SouthTeacher, shown, nil); fmt.Sprint(a.at("organization.settings.pending")) != "[]" {
			t.Errorf("a teacher is shown %+v", a)
		}
		approve := func(value int) string {
			return s.ask(t, s.DistrictAdmin, s.names(nil).Replace(fmt.Sprintf(
				`mutation { r: approvePendingSetting(input: {organizationId: "{{South}}", setting: HOLD_DELETED_PERCENT, value: %d})
					{ organization { settings { holdDeletedPercent { value } } } userErrors { code } } }`, value)), nil).word()
		}
		if got := approve(9); got != "PENDING_CHANGED" {
			t.Error(got)
		}
		if got := approve(8); got != ok {
			t.Error(got)
		}
		if a = s.ask(t, s.SouthAdmin, shown,
			nil); fmt.Sprint(a.at("organization.settings")) != "map[holdDeletedPercent:map[value:8] pending:[]]" {
			t.Errorf("%+v", a)
		}
		change := func(need string) {
			t.Helper()
			if got := s.ask(t, s.DistrictAdmin, s.names(nil).Replace(
				`mutation { r: updateOrganizationSettings(input: {organizationId: "{{South}}", secondFactorRequired: `+need+
					`}) { userErrors { code } } }`), nil).word(); got != ok {
				t.Fatal(got)
			}
		}
		change("ADMINISTRATORS")
		change("NONE")
		shown = s.names(nil).
			Replace(`{ organization(id: "{{South}}") { settings { secondFactorRequired { value } pending { setting value
				secondFactorRequired requestedBy { name } } } } }`)
		// The administrators of South need a factor by now, and the one of the district does not.
		a = s.ask(t, s.DistrictAdmin, shown, nil)
		if got, want := fmt.Sprint(a.at("organization.settings")),
			"map[pending:[map[requestedBy:map[name:Dana District] secondFactorRequired:NONE setting:SECOND_FACTOR_REQUIRED "+
				"value:<nil>]] secondFactorRequired:map[value:ADMINISTRATORS]]"; got != want {
			t.Errorf("%s\n%s", got, want)
		}
		second := s.Educator(t, s.Alpha, "Dora District", viewer.DistrictAdmin, s.Alpha)
		s.setPassword(t, second)
		decide := func(who *db.Educator, input string) string {
			return s.ask(t, who,
				s.names(nil).
					Replace(`mutation { r: approvePendingSetting(input: {organizationId: "{{South}}", setting: SECOND_FACTOR_REQUIRED`+
						input+`}) { userErrors { code } } }`), nil).word()
		}
		for _, row := range [][2]string{{"", "PENDING_CHANGED"}, {", value: 0", "PENDING_CHANGED"},
			{", secondFactorRequired: ADMINISTRATORS", "PENDING_CHANGED"}, {", secondFactorRequired: NONE", ok}} {
			if got := decide(second, row[0]); got != row[1] {
				t.Errorf("%s: %s", row[0], got)
			}
		}
		if a = s.ask(t, second, shown,
			nil); fmt.Sprint(a.at("organization.settings")) != "map[pending:[] secondFactorRequired:map[value:NONE]]" {
			t.Errorf("%+v", a)
		}
	})
}
