package importer

import (
	"context"
	"fmt"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/ent/db/organization"
	"homeroom/ent/db/student"
	"homeroom/internal/audit"
	"homeroom/internal/quote"
	"homeroom/internal/setting"
	"homeroom/internal/viewer"
)

// share is what a job does to the students of one organization.
type share struct {
	org    *db.Organization
	limits setting.Settings
	// students counts those who are there, deleted and changed those whom the job
	// does it to. Somebody may have deleted some of them since the job was verified. A
	// job either deletes students or changes them.
	students, deleted, changed int
	// within is a school in a job for its district, or for another school.
	within bool
}

// manyChanged is how many students of a school a job for the district changes at
// least to be put on hold because of that school, unless that has set a limit of its
// own. A new grade for the only student of a branch does not hold up what a whole
// district sends every night.
const manyChanged = 10

// excess says what a job would do too much of, and where.
type excess struct {
	verb               string
	affected, students int
	limit              int // In percent.
	at                 *db.Organization
}

// percent is the part of the students that is affected, from 1 to 100.
func (e *excess) percent() int { return min(100, max(1, e.affected*100/max(1, e.students))) }

// does says what the job would do. Whoever reads about a job of one school is not
// told how many students another one has.
func (e *excess) does(job *db.BulkJob) string {
	switch {
	case e.at.ID == job.OrganizationID:
		return fmt.Sprintf("%s %d of %s", e.verb, e.affected, quote.Count(e.students, "student"))
	case job.OrganizationID == job.DistrictID:
		return fmt.Sprintf("%s %d of %s of %s", e.verb, e.affected, quote.Count(e.students, "student"), e.at.Name)
	default:
		return fmt.Sprintf("%s more than %d %% of the students of %s", e.verb, e.limit, e.at.Name)
	}
}

// facts are what the audit trail of the job's organization says of it.
func (e *excess) facts(job *db.BulkJob) audit.Facts {
	if e.at.ID != job.OrganizationID && job.OrganizationID != job.DistrictID {
		return audit.Facts{"verb": e.verb, "limit": e.limit}
	}
	return audit.Facts{"verb": e.verb, "affected": e.affected, "students": e.students, "percent": e.percent()}
}

// excess returns what is too much of a share, or nil. Where 100 percent are set,
// nothing is.
func (sh *share) excess() *excess {
	over := func(affected, limit int) bool {
		return sh.students > 0 && limit < 100 && affected*100 > limit*sh.students
	}
	switch {
	case over(sh.deleted, sh.limits.HoldDeletedPercent):
		return &excess{"delete", sh.deleted, sh.students, sh.limits.HoldDeletedPercent, sh.org}
	case sh.within && sh.changed < manyChanged && sh.limits.Inherited.HoldChangedPercent:
	case over(sh.changed, sh.limits.HoldChangedPercent):
		return &excess{"change", sh.changed, sh.students, sh.limits.HoldChangedPercent, sh.org}
	}
	return nil
}

// worst returns what is too much of the shares: in the organization of the job, if
// it is there, and otherwise in the school of which the greatest part is affected.
func worst(shares []*share) (found *excess) {
	for i, sh := range shares {
		if e := sh.excess(); e != nil && (found == nil || e.percent() > found.percent()) {
			found = e
		}
		if i == 0 && found != nil {
			return found
		}
	}
	return found
}

// measure returns what a job does to the students of its organization, which
// comes first, and of each school whose students it is about. The schools are
// measured as if the rows had been submitted for them, so that nobody gets by with
// a whole school by having it done for the district, or for the school to which its
// students move. What is counted as changed is what the rows are about, which may be
// more than what they change; see countLosses, to which the row that has been
// corrected is given, too.
func (s *Service) measure(ctx context.Context, job *db.BulkJob, corrected *fileRow) ([]*share, error) {
	system := viewer.AsSystem(ctx, "how much of an organization a job changes")
	client := s.db.Client(ctx)
	o, err := client.Organization.Get(system, job.OrganizationID)
	if err != nil {
		return nil, err
	}
	whole := &share{org: o, deleted: job.Deleted, changed: job.Updated}
	in := student.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		in = student.DistrictID(o.ID)
	}
	if whole.students, err = client.Student.Query().Where(in, student.DeletedAtIsNil()).Count(system); err != nil {
		return nil, err
	}
	shares := []*share{whole}
	schools, err := s.measureSchools(system, client, job, corrected)
	if err != nil {
		return nil, err
	}
	if o.Type != organization.TypeDISTRICT {
		// Students who come from elsewhere are not lost here.
		whole.deleted, whole.changed = 0, 0
	}
	for _, school := range schools {
		if school.org.ID == o.ID {
			whole.deleted, whole.changed = school.deleted, school.changed
			continue
		}
		shares = append(shares, school)
	}
	orgs := make([]*db.Organization, len(shares))
	for i, sh := range shares {
		orgs[i] = sh.org
	}
	limits, err := setting.Read(ctx, client, s.now(), orgs...)
	for _, sh := range shares {
		sh.limits = limits[sh.org.ID]
	}
	return shares, err
}

func (s *Service) measureSchools(system context.Context, client *db.Client, job *db.BulkJob, corrected *fileRow) ([]*share, error) {
	affected, err := countBySchool(system, client, job.ID)
	if err != nil {
		return nil, err
	}
	if corrected != nil {
		st, err := client.Student.Query().Where(student.ID(corrected.targetID)).Select(student.FieldOrganizationID).Only(system)
		if err != nil && !db.IsNotFound(err) {
			return nil, err
		}
		if st != nil {
			affected[st.OrganizationID]++
		}
	}
	ids := make([]int, 0, len(affected))
	for id := range affected {
		ids = append(ids, id)
	}
	schools, err := client.Organization.Query().Where(organization.IDIn(ids...)).Order(db.Asc(organization.FieldID)).All(system)
	if err != nil {
		return nil, err
	}
	var counts []struct {
		OrganizationID int `json:"organization_id"`
		Count          int `json:"count"`
	}
	err = client.Student.Query().Where(student.OrganizationIDIn(ids...), student.DeletedAtIsNil()).
		GroupBy(student.FieldOrganizationID).Aggregate(db.Count()).Scan(system, &counts)
	if err != nil {
		return nil, err
	}
	students := make(map[int]int, len(counts))
	for _, c := range counts {
		students[c.OrganizationID] = c.Count
	}
	shares := make([]*share, len(schools))
	for i, o := range schools {
		shares[i] = &share{org: o, students: students[o.ID], within: true}
		if job.Kind == bulkjob.KindDELETE_STUDENTS {
			shares[i].deleted = affected[o.ID]
		} else {
			shares[i].changed = affected[o.ID]
		}
	}
	return shares, nil
}

// countBySchool counts the planned rows of a job whose target is a student, by
// the school where the student is now. An educator's key among the targets, which
// some lines of enrollments have, may be a student's as well: there it is too much.
func countBySchool(system context.Context, client *db.Client, jobID int) (map[int]int, error) {
	rows, err := client.QueryContext(system, "SELECT s.organization_id, COUNT(*) FROM bulk_job_rows r JOIN students s ON s.id = r.target_id "+
		"WHERE r.job_id = ? AND r.state = ? GROUP BY s.organization_id", jobID, statePlanned)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[int]int{}
	for rows.Next() {
		var school, n int
		if err := rows.Scan(&school, &n); err != nil {
			return nil, err
		}
		counts[school] = n
	}
	return counts, rows.Err()
}

// countLosses puts in the shares of a job how many students it does more to than to
// put them into groups or to bring them back, with a row that has been corrected in
// the place of what is planned for it, where one is given. Joining groups loses nothing, and
// to put most of a school into groups at once is what the notice asks for at the
// beginning of a year.
func (s *Service) countLosses(ctx context.Context, job *db.BulkJob, shares []*share, corrected *fileRow) error {
	const page = 5000
	system := viewer.AsSystem(ctx, "how much of an organization a job changes")
	client := s.db.Client(ctx)
	losses := lossCount{bySchool: map[int]int{}}
	if job.Kind == bulkjob.KindIMPORT_ENROLLMENTS {
		losses.seen = map[int]bool{}
	}
	if corrected != nil && !corrected.refused && corrected.plan != nil {
		losses.note(corrected.targetID, corrected.plan)
	}
	for behind, more := 0, true; more; {
		rows, err := client.BulkJobRow.Query().
			Where(bulkjobrow.JobID(job.ID), bulkjobrow.RowGT(behind), bulkjobrow.State(statePlanned)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(page).All(system)
		if err != nil {
			return err
		}
		for _, row := range rows {
			behind = row.Row
			if corrected != nil && row.Row == corrected.Row {
				continue
			}
			p, err := readPlan(row.Plan)
			if err != nil {
				return err
			}
			losses.note(row.TargetID, p)
		}
		if err := losses.place(system, client); err != nil {
			return err
		}
		more = len(rows) == page
	}
	for _, sh := range shares {
		sh.changed = losses.bySchool[sh.org.ID]
		if sh.org.Type == organization.TypeDISTRICT {
			sh.changed = losses.all
		}
	}
	return nil
}

// lossCount counts students who lose something, in all and by school.
type lossCount struct {
	all      int
	bySchool map[int]int
	// seen are those who have been counted, where a student can stand in several
	// rows: in as many lines of enrollments as there are groups to leave. It is nil
	// where that cannot be.
	seen map[int]bool
	// unplaced are students who are not counted by school yet.
	unplaced []int
}

func (l *lossCount) note(target int, p *plan) {
	joinsOnly := p.Do == doUpdate && len(p.Set) == 0 && len(p.Password) == 0 && len(p.Leave) == 0
	if p.Do == doCreate || p.Do == doRevive || joinsOnly || !p.aboutStudent() || l.seen[target] {
		return
	}
	if l.seen != nil {
		l.seen[target] = true
	}
	l.all++
	l.unplaced = append(l.unplaced, target)
}

func (l *lossCount) place(system context.Context, client *db.Client) error {
	for len(l.unplaced) > 0 {
		n := min(len(l.unplaced), statementRows)
		var counts []struct {
			OrganizationID int `json:"organization_id"`
			Count          int `json:"count"`
		}
		err := client.Student.Query().Where(student.IDIn(l.unplaced[:n]...)).
			GroupBy(student.FieldOrganizationID).Aggregate(db.Count()).Scan(system, &counts)
		if err != nil {
			return err
		}
		for _, c := range counts {
			l.bySchool[c.OrganizationID] += c.Count
		}
		l.unplaced = l.unplaced[n:]
	}
	return nil
}
