package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/ent/db/organization"
	"homeroom/ent/db/servicekey"
	"homeroom/ent/db/student"
	"homeroom/internal/audit"
	"homeroom/internal/fault"
	"homeroom/internal/setting"
	"homeroom/internal/viewer"
)

// holdMoreThan is how many students a job may always affect: in a school of
// thirty, a class of twenty is most of them and still no accident.
const holdMoreThan = 20

// excess says what a job would do too much of.
type excess struct {
	verb               string
	affected, students int
	limit              int // In percent.
}

// percent is the part of the students that is affected, at least 1.
func (e *excess) percent() int { return max(1, e.affected*100/e.students) }

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
	if changed <= holdMoreThan {
		return nil, nil
	}
	system := viewer.AsSystem(ctx, "how much of an organization a job changes")
	o, err := s.db.Client(ctx).Organization.Get(system, job.OrganizationID)
	if err != nil {
		return nil, err
	}
	settings, err := setting.Read(ctx, s.db.Client(ctx), s.now(), o)
	if err != nil {
		return nil, err
	}
	deletedLimit, changedLimit := settings[o.ID].HoldDeletedPercent, settings[o.ID].HoldChangedPercent
	in := student.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		in = student.DistrictID(o.ID)
	}
	students, err := s.db.Client(ctx).Student.Query().Where(in, student.DeletedAtIsNil()).Count(system)
	if err != nil || students == 0 {
		return nil, err
	}
	switch {
	case job.Deleted > holdMoreThan && job.Deleted*100 > deletedLimit*students:
		return &excess{"delete", job.Deleted, students, deletedLimit}, nil
	case changed*100 <= changedLimit*students:
		return nil, nil
	}
	// Joining groups loses nothing, and to put most of a school into groups at
	// once is what the notice asks for at the beginning of a year.
	if changed, err = s.countLosses(system, job.ID); err != nil || changed*100 <= changedLimit*students {
		return nil, err
	}
	return &excess{"change", changed, students, changedLimit}, nil
}

// countLosses counts the existing students to whom a job does more than put them
// into groups.
func (s *Service) countLosses(system context.Context, jobID int) (n int, err error) {
	const page = 5000
	// A student stands in one row of a file, but in as many lines of enrollments as
	// there are groups to leave.
	seen := map[int]bool{}
	for behind := 0; ; {
		rows, err := s.db.Client(system).BulkJobRow.Query().
			Where(bulkjobrow.JobID(jobID), bulkjobrow.RowGT(behind), bulkjobrow.State(statePlanned)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(page).All(system)
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			p, err := readPlan(row.Plan)
			if err != nil {
				return 0, err
			}
			joinsOnly := p.Do == doUpdate && len(p.Set) == 0 && len(p.Password) == 0 && len(p.Leave) == 0
			if p.Do != doCreate && !joinsOnly && p.aboutStudent() && !seen[row.TargetID] {
				seen[row.TargetID] = true
				n++
			}
			behind = row.Row
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

// isOwn reports whether the viewer has submitted a job, or has made the service key
// whose program did.
func (s *Service) isOwn(ctx context.Context, job *db.BulkJob) (bool, error) {
	v := viewer.FromContext(ctx)
	if job.SubmittedBy == v.SubmitterID() {
		return true, nil
	}
	return s.db.Client(ctx).ServiceKey.Query().Where(servicekey.AgentID(job.SubmittedBy), servicekey.CreatedBy(v.EducatorID)).
		Exist(viewer.AsSystem(ctx, "who made the key of a job"))
}

// Approve lets a job that is on hold go on. It takes an administrator of the
// job's organization who has not submitted it, nor made the key that did: what is
// a slip of one person is seen by another. It returns fault.Forbidden for everybody else, and
// fault.Conflict for a job that is not HELD.
func (s *Service) Approve(ctx context.Context, jobID int) (*db.BulkJob, error) {
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	v := viewer.FromContext(ctx)
	own, err := s.isOwn(ctx, job)
	switch {
	case err != nil:
		return nil, err
	case own:
		return nil, fault.Forbiddenf("another administrator has to approve the %s, because it is your own", noun(job.Kind)).At("id")
	case !v.Administers(job.OrganizationID, job.DistrictID):
		return nil, fault.Forbiddenf("an administrator has to approve the %s", noun(job.Kind)).At("id")
	}
	return s.change(ctx, job, "NOT_HELD", func(ctx context.Context, client *db.Client) error {
		record(ctx, audit.JobApproved, job, nil)
		return mustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, approved_by = ?, started_at = ?, lease_owner = '', lease_until = NULL WHERE id = ? AND status = ?",
			string(bulkjob.StatusPROCESSING), v.EducatorID, s.instant(), jobID, string(bulkjob.StatusHELD)))
	})
}
