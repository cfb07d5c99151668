package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func (r queryResolver) UsageReport(ctx context.Context, organizationID string, period model.UsagePeriod, from,
	to *calendar.Day, grades, productCodes []string) (*model.UsageReport, error) {
	id, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	g, err := toGrades(grades, "grades")
	if err != nil {
		return nil, err
	}
	report, err := r.Usage.Report(ctx, id, usage.Period(period), from, to, g, productCodes)
	if err != nil {
		return nil, err
	}
	return toUsageReport(ctx, report, id), nil
}

// toUsageReport also gives the loaders the organizations and groups that the report has
// read.
func toUsageReport(ctx context.Context, report *usage.Report, organizationID int) *model.UsageReport {
	l := loader.From(ctx)
	l.OrganizationByID.Set(organizationID, report.Organization)
	return &model.UsageReport{
		Report:         report,
		OrganizationID: organizationID, From: report.From, To: report.To, GoalMinutesPerWeek: report.GoalMinutesPerWeek,
		Totals: toTotals(report.Totals),
		Weeks: all(report.Weeks, func(w usage.Week) *model.UsageWeek {
			return &model.UsageWeek{WeekEnding: w.Ending, Totals: toTotals(w.Totals)}
		}),
		Rows: all(report.Rows, func(row usage.Row) *model.UsageRow {
			m := &model.UsageRow{Ungrouped: row.Ungrouped, Totals: toTotals(row.Totals)}
			if row.Organization != nil {
				m.OrganizationID = row.Organization.ID
				l.OrganizationByID.Set(row.Organization.ID, row.Organization)
			}
			if row.Group != nil {
				m.GroupID = row.Group.ID
				l.GroupByID.Set(row.Group.ID, row.Group)
			}
			return m
		}),
	}
}

func toTotals(t usage.Totals) *model.UsageTotals {
	return &model.UsageTotals{ActiveStudents: t.ActiveStudents, Minutes: t.Minutes,
		AverageMinutesPerStudentPerWeek: t.AverageMinutesPerStudentPerWeek, StudentsMeetingGoal: t.StudentsMeetingGoal}
}

func (r usageReportResolver) Organization(ctx context.Context, report *model.UsageReport) (*model.Organization, error) {
	return organizationByID(ctx, report.OrganizationID)
}

func (r usageReportResolver) ErasedMinutes(ctx context.Context, report *model.UsageReport) (*int, error) {
	seconds, err := r.Usage.ErasedSeconds(ctx, report.Report)
	if err != nil || seconds == nil {
		return nil, err
	}
	minutes := *seconds / 60
	return &minutes, nil
}

func (r usageReportResolver) Notifications(ctx context.Context,
	report *model.UsageReport) ([]*model.DashboardNotification, error) {
	return r.notifications(ctx, report.OrganizationID)
}

func (r usageRowResolver) Organization(ctx context.Context, row *model.UsageRow) (*model.Organization, error) {
	if row.OrganizationID == 0 {
		return nil, nil
	}
	return organizationByID(ctx, row.OrganizationID)
}

func (r usageRowResolver) Group(ctx context.Context, row *model.UsageRow) (*model.Group, error) {
	if row.GroupID == 0 {
		return nil, nil
	}
	g, err := loader.From(ctx).GroupByID.Load(ctx, row.GroupID)
	return toGroup(g), err
}

func (r mutationResolver) RecordUsage(ctx context.Context,
	in model.RecordUsageInput) (*model.RecordUsagePayload, error) {
	payload := &model.RecordUsagePayload{UserErrors: []*model.UserError{}}
	id, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err == nil {
		events := all(in.Events, func(e *model.UsageEventInput) usage.Event {
			return usage.Event{
				ID:                e.EventID,
				StudentExternalID: e.StudentExternalID,
				ProductCode:       e.ProductCode,
				StartedAt:         e.StartedAt,
				Seconds:           e.Seconds,
			}
		})
		var problems []*fault.Error
		payload.Accepted, payload.Duplicates, problems, err = r.Usage.Record(ctx, id, events)
		payload.UserErrors = all(problems, problem.UserError)
	}
	if err != nil {
		payload.UserErrors, err = userErrors(ctx, err)
	}
	return payload, err
}
