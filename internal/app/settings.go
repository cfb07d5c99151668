package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) settings() *cobra.Command {
	var named string
	cmd := &cobra.Command{
		Use:   "settings [NAME=VALUE ...]",
		Short: "Show and change the settings of a district or a school",
		Long: `Shows the settings of an organization and where each comes from, and changes those given as NAME=VALUE. With
the value "inherit" a school takes over the setting of its district, and a district takes the default.

Names: school-year (2026-08-17..2027-06-18), usage-goal-minutes, time-zone, password-min-length, password-required (yes or no),
hold-deleted-percent, hold-changed-percent, retention-days, job-days, second-factor-required (none,
administrators or all).

Here every change takes effect at once. If an administrator makes a hold, a retention or the second factor less
strict in the dashboard or the API, the change waits for 24 hours or for a second administrator. Waiting changes are
shown. If the operator sets the same setting, the waiting change is dropped.`,
		Example: `  homeroom settings --organization "North School"
  homeroom settings retention-days=60 time-zone=America/Chicago`,
	}
	cmd.Flags().StringVar(&named, "organization", "",
		"the district or school, by id, external id or name; default: the only district")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var ch setting.Change
		for _, arg := range args {
			if err := assign(&ch, arg); err != nil {
				return misuse(cmd, "%v", err)
			}
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "settings that the operator shows or changes")
		o, err := target(system, d, named, "")
		if err != nil {
			return err
		}
		if ch.OrganizationID = o.ID; len(args) > 0 {
			changed, refusals, err := setting.New(d, setting.Options{Now: a.now, Log: a.quietLog()}).Update(system, ch)
			if err != nil {
				return err
			}
			if len(refusals) > 0 {
				for _, r := range refusals {
					fmt.Fprintf(a.err, "%s: %s\n", r.Field, r.Message)
				}
				return exitCode(1)
			}
			o = changed
		}
		return a.showSettings(system, d, o)
	}
	return cmd
}

// assign reads NAME=VALUE into a change.
func assign(ch *setting.Change, arg string) error {
	name, value, found := strings.Cut(arg, "=")
	numbers := map[string]*setting.Field[int]{
		"usage-goal-minutes": &ch.GoalMinutesPerWeek, "password-min-length": &ch.PasswordMinLength,
		"hold-deleted-percent": &ch.HoldDeletedPercent, "hold-changed-percent": &ch.HoldChangedPercent,
		"retention-days": &ch.RetentionDays, "job-days": &ch.JobDays,
	}
	switch field := numbers[name]; {
	case !found || value == "":
		return fmt.Errorf("%s is not of the form NAME=VALUE", quote.Text(arg))
	case field != nil:
		return read(field, value, strconv.Atoi)
	case name == "time-zone":
		return read(&ch.TimeZone, value, func(s string) (string, error) { return s, nil })
	case name == "password-required":
		return read(&ch.PasswordRequired, value, func(s string) (bool, error) {
			if s != "yes" && s != "no" {
				return false, fmt.Errorf("write yes or no")
			}
			return s == "yes", nil
		})
	case name == "second-factor-required":
		return read(&ch.SecondFactorRequired, value, func(s string) (setting.SecondFactor, error) {
			f := setting.SecondFactor(strings.ToUpper(s))
			if s != strings.ToLower(s) || organization.SecondFactorRequiredValidator(f) != nil {
				return "", fmt.Errorf("write none, administrators or all")
			}
			return f, nil
		})
	case name == "school-year":
		return read(&ch.Year, value, func(s string) (y calendar.Year, err error) {
			from, to, _ := strings.Cut(s, "..")
			if y.StartsOn, err = calendar.ParseDay(from); err == nil {
				y.EndsOn, err = calendar.ParseDay(to)
			}
			return y, err
		})
	default:
		names := []string{"school-year", "time-zone", "password-required", "second-factor-required"}
		for n := range numbers {
			names = append(names, n)
		}
		slices.Sort(names)
		return fmt.Errorf("%s is not a setting; there are %s", quote.Text(name), strings.Join(names, ", "))
	}
}

func read[T any](f *setting.Field[T], text string, parse func(string) (T, error)) error {
	f.Set = true
	if text == "inherit" {
		return nil
	}
	value, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", quote.Text(text), err)
	}
	f.Value = &value
	return nil
}

func (a *app) showSettings(system context.Context, d *database.DB, o *db.Organization) error {
	all, err := setting.Read(system, d.Client(system), a.now(), o)
	if err != nil {
		return err
	}
	s := all[o.ID]
	from := func(inherited bool) string {
		switch {
		case !inherited:
			return "its own"
		case o.DistrictID == o.ID:
			return "the default"
		default:
			return "the district's, or the default"
		}
	}
	required := "no"
	if s.PasswordRequired {
		required = "yes"
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t\t\n", o.Name)
	for _, row := range []struct {
		name      string
		value     any
		inherited bool
	}{
		{"school-year", s.Year.StartsOn.String() + ".." + s.Year.EndsOn.String(), s.Inherited.Year},
		{"usage-goal-minutes", s.GoalMinutesPerWeek, s.Inherited.GoalMinutesPerWeek},
		{"time-zone", s.TimeZone, s.Inherited.TimeZone},
		{"password-min-length", s.PasswordMinLength, s.Inherited.PasswordMinLength},
		{"password-required", required, s.Inherited.PasswordRequired},
		{"hold-deleted-percent", s.HoldDeletedPercent, s.Inherited.HoldDeletedPercent},
		{"hold-changed-percent", s.HoldChangedPercent, s.Inherited.HoldChangedPercent},
		{"retention-days", s.RetentionDays, s.Inherited.RetentionDays},
		{"job-days", s.JobDays, s.Inherited.JobDays},
		{"second-factor-required", strings.ToLower(string(s.SecondFactorRequired)), s.Inherited.SecondFactorRequired},
	} {
		fmt.Fprintf(w, "%s\t%v\t%s\n", row.name, row.value, from(row.inherited))
	}
	pending, err := setting.PendingOf(o, a.now())
	for _, p := range pending {
		value := "inherit"
		if p.Value != (setting.Value{}) {
			value = strings.ToLower(p.Text())
		}
		name := strings.ToLower(strings.ReplaceAll(string(p.Name), "_", "-"))
		fmt.Fprintf(w, "%s\t%s\tfrom %s on, or as soon as a second administrator approves\n", name, value,
			p.EffectiveAt.Format(time.RFC3339))
	}
	return cmp.Or(err, w.Flush())
}
