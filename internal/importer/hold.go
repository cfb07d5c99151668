package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/ent/db/organization"
	"homeroom/ent/db/student"
	"homeroom/internal/audit"
	"homeroom/internal/setting"
	"homeroom/internal/viewer"
)

// excess says what a job would do too much of.
type excess struct {
	verb               string
	affected, students int
	limit              int // In percent.
}

// percent is the part of the students that is affected, at least 1.
func (e *excess) percent() int { return max(1, e.affected*100/max(1, e.students)) }

// tooMuch returns why a job has to wait for a second administrator, or nil. It
// counts the students of the job's organization, and those whom the job would change.
// Jobs about schools, educators and groups change no student, and are never held.
func (s *Service) tooMuch(ctx context.Context, job *db.BulkJob) (*excess, error) {
	switch job.Kind {
	case bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_ENROLLMENTS, bulkjob.KindEDIT_STUDENTS, bulkjob.KindDELETE_STUDENTS:
	default:
		return nil, nil
	}
	changed := job.Updated + job.Deleted
	if changed == 0 {
		return nil, nil
	}
	students, limits, err := s.measure(ctx, job)
	if err != nil || students == 0 {
		return nil, err
	}
	deletedLimit, changedLimit := limits.HoldDeletedPercent, limits.HoldChangedPercent
	// Some may have been deleted since the check, so that it is more than all; whoever
	// has set 100 wants no hold.
	switch {
	case deletedLimit < 100 && job.Deleted*100 > deletedLimit*students:
		return &excess{"delete", job.Deleted, students, deletedLimit}, nil
	case changedLimit >= 100, changed*100 <= changedLimit*students:
		return nil, nil
	}
	// Joining groups loses nothing, and to put most of a school into groups at
	// once is what the notice asks for at the beginning of a year.
	if changed, err = s.countLosses(ctx, job.ID, nil); err != nil || changed*100 <= changedLimit*students {
		return nil, err
	}
	return &excess{"change", changed, students, changedLimit}, nil
}

// measure counts the students of a job's organization, and returns what holds there.
func (s *Service) measure(ctx context.Context, job *db.BulkJob) (students int, limits setting.Settings, err error) {
	system := viewer.AsSystem(ctx, "how much of an organization a job changes")
	o, err := s.db.Client(ctx).Organization.Get(system, job.OrganizationID)
	if err != nil {
		return 0, limits, err
	}
	settings, err := setting.Read(ctx, s.db.Client(ctx), s.now(), o)
	if err != nil {
		return 0, limits, err
	}
	in := student.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		in = student.DistrictID(o.ID)
	}
	students, err = s.db.Client(ctx).Student.Query().Where(in, student.DeletedAtIsNil()).Count(system)
	return students, settings[o.ID], err
}

// countLosses counts the existing students to whom a job does more than put them
// into groups, with a row that has been corrected in the place of what is planned
// for it, where one is given.
func (s *Service) countLosses(ctx context.Context, jobID int, corrected *fileRow) (n int, err error) {
	const page = 5000
	system := viewer.AsSystem(ctx, "how much of an organization a job changes")
	// A student stands in one row of a file, but in as many lines of enrollments as
	// there are groups to leave.
	seen := map[int]bool{}
	count := func(target int, p *plan) {
		joinsOnly := p.Do == doUpdate && len(p.Set) == 0 && len(p.Password) == 0 && len(p.Leave) == 0
		if p.Do != doCreate && !joinsOnly && p.aboutStudent() && !seen[target] {
			seen[target] = true
			n++
		}
	}
	if corrected != nil && !corrected.refused && corrected.plan != nil {
		count(corrected.targetID, corrected.plan)
	}
	for behind := 0; ; {
		rows, err := s.db.Client(system).BulkJobRow.Query().
			Where(bulkjobrow.JobID(jobID), bulkjobrow.RowGT(behind), bulkjobrow.State(statePlanned)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(page).All(system)
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			behind = row.Row
			if corrected != nil && row.Row == corrected.Row {
				continue
			}
			p, err := readPlan(row.Plan)
			if err != nil {
				return 0, err
			}
			count(row.TargetID, p)
		}
		if len(rows) < page {
			return n, nil
		}
	}
}

// hold puts a job on hold and says why.
func (s *Service) hold(ctx context.Context, client *db.Client, job *db.BulkJob, e *excess) error {
	err := mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET status = ?, held_by_rule = ?, warnings = warnings + 1 WHERE id = ? AND status = ? AND fence = ?",
		string(bulkjob.StatusHELD), e.percent(), job.ID, string(bulkjob.StatusREADY), job.Fence))
	if err != nil {
		return err
	}
	record(ctx, audit.JobHeld, job, audit.Facts{"verb": e.verb, "affected": e.affected, "students": e.students, "percent": e.percent()})
	why := problemf(Held, "Another administrator of the organization has to approve it; or cancel it.",
		"This would %s %d of %d students. More than %d %% need the approval of a second administrator.", e.verb, e.affected, e.students, e.limit)
	why.Warning = true
	return s.writeProblems(ctx, client, job.ID, []*problem{why})
}
