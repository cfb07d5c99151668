package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Quota limits somebody's jobs; a field that is 0 sets no limit.
type Quota struct {
	// Jobs counts jobs that wait to be checked, started or approved.
	Jobs int
	// Bytes counts the files of jobs that have not ended, and what their checks have written
	// down.
	Bytes int64
	// Daily are the jobs that have been submitted within 24 hours.
	Daily int
}

// Limiter refuses jobs beyond the quotas.
type Limiter struct {
	row.Env
	quotas Quotas
}

// NewLimiter returns what refuses jobs beyond some quotas.
func NewLimiter(e row.Env, q Quotas) *Limiter { return &Limiter{Env: e, quotas: q} }

// Quotas are the quotas of each person, each service key and each district. The operator
// has none.
type Quotas struct{ Person, Key, District Quota }

// QuotaExceeded is the code for a job beyond a quota.
const QuotaExceeded = "QUOTA_EXCEEDED"

var (
	// waiting are the jobs that wait to be checked, or for a person.
	waiting = []bulkjob.Status{bulkjob.StatusVERIFYING, bulkjob.StatusREADY, bulkjob.StatusHELD}
	// stored are the states in which the file of a job is stored.
	stored = append(slices.Clone(waiting), bulkjob.StatusPROCESSING)
)

// day is the time that daily quotas count.
const day = 24 * time.Hour

// TakesTurns locks the district, so that of two jobs submitted at the same moment the
// second counts the first. Call it at the beginning of a transaction. The nodes of a
// cluster do not share locks, so there a quota may be exceeded by as many jobs as
// arrive at the same moment.
func (l *Limiter) TakesTurns(ctx context.Context, client *db.Client, districtID int) error {
	if !l.Locks() {
		return nil
	}
	_, err := client.Organization.Query().Where(organization.ID(districtID)).ForUpdate().
		OnlyID(viewer.AsSystem(ctx, "turns of those who submit jobs in a district"))
	return err
}

// WithinQuotas refuses a job of some bytes that would be one too many, or too large,
// for its submitter or for the district. If the job already exists, own is its key,
// and only the bytes count.
func (l *Limiter) WithinQuotas(ctx context.Context, client *db.Client, v *viewer.Viewer, districtID, own int,
	bytes int64) error {
	if _, isOperator := viewer.OperatorOf(ctx); isOperator || v.IsSystem() {
		return nil
	}
	mine := l.quotas.Person
	if v.Key != nil {
		mine = l.quotas.Key
	}
	for _, q := range []struct {
		Quota
		of    predicate.BulkJob
		words quotaWords
	}{
		{mine, bulkjob.SubmittedBy(v.SubmitterID()), ownQuota},
		{l.quotas.District, bulkjob.DistrictID(districtID), districtQuota},
	} {
		if err := l.within(ctx, client, q.Quota, q.of, q.words, own, bytes); err != nil {
			return err
		}
	}
	return nil
}

// quotaWords are how a quota is spoken of.
type quotaWords struct{ have, whoMends string }

var (
	ownQuota      = quotaWords{"you have", "start or cancel some of them"}
	districtQuota = quotaWords{"the district has", "an administrator of the district has to start or cancel some"}
)

func (l *Limiter) within(ctx context.Context, client *db.Client, q Quota, of predicate.BulkJob, words quotaWords,
	own int, bytes int64) error {
	system := viewer.AsSystem(ctx, "how many jobs somebody has")
	if q.Bytes > 0 && bytes > 0 {
		sum, err := storedBytes(system, client, of, own)
		if err != nil {
			return err
		}
		if sum+bytes > q.Bytes {
			return exceeded("the files of waiting uploads, with the problems and refused rows that are kept for them, may take "+
				"%d MB together, and with this one %s more; %s, or wait until some end",
				q.Bytes>>20, words.have, words.whoMends)
		}
	}
	if own != 0 {
		return nil
	}
	if q.Jobs > 0 {
		n, err := client.BulkJob.Query().Where(of, bulkjob.StatusIn(waiting...)).Count(system)
		if err != nil {
			return err
		}
		if n >= q.Jobs {
			return exceeded(
				"%s %d uploads, edits and deletions waiting to be checked, started or approved, and no more are allowed; %s",
				words.have, n, words.whoMends)
		}
	}
	if q.Daily > 0 {
		today := client.BulkJob.Query().Where(of, bulkjob.CreatedAtGT(l.Instant().Add(-day)))
		n, err := today.Clone().Count(system)
		if err != nil || n < q.Daily {
			return err
		}
		oldest, err := today.Order(bulkjob.ByCreatedAt(sql.OrderAsc()), bulkjob.ByID()).Offset(n - q.Daily).First(system)
		if err != nil {
			return err
		}
		return exceeded(
			"%s submitted %d uploads, edits and deletions within 24 hours, and no more are allowed; "+
				"the next one is possible from %s on. One file can hold many rows",
			words.have, n, oldest.CreatedAt.Add(day).UTC().Format("2006-01-02 15:04 UTC"))
	}
	return nil
}

// recordedBytes is about what the database keeps for a row that is refused or has a
// warning: its cells and, on average, two problems.
const recordedBytes = 350

// storedBytes is what the jobs of somebody that have not ended take, without one of them.
func storedBytes(system context.Context, client *db.Client, of predicate.BulkJob, without int) (int64, error) {
	var sums []struct {
		Sum *int64 `json:"sum"`
	}
	sum := func(s *sql.Selector) string {
		return sql.As(fmt.Sprintf("SUM(%s + %d * (%s + %s))", s.C(bulkjob.FieldFileBytes), recordedBytes,
			s.C(bulkjob.FieldErrors), s.C(bulkjob.FieldWarnings)), "sum")
	}
	err := client.BulkJob.Query().Where(of, bulkjob.StatusIn(stored...), bulkjob.IDNEQ(without)).Aggregate(sum).
		Scan(system, &sums)
	if err != nil || len(sums) == 0 || sums[0].Sum == nil {
		return 0, err
	}
	return *sums[0].Sum, nil
}

// RecordedTooMuch reports whether the rows of a job that are refused or have warnings take
// more than its submitter or district has left. The quotas let the job in before anybody
// knew. Its own file does not count here.
func (l *Limiter) RecordedTooMuch(ctx context.Context, job *db.BulkJob, rows int) (bool, error) {
	system, client := viewer.AsSystem(ctx, "how much the jobs of somebody take"), l.DB.Client(ctx)
	mine := l.quotas.Person
	program, err := client.Educator.Query().Where(educator.ID(job.SubmittedBy), educator.Service(1)).Exist(system)
	if err != nil {
		return false, err
	}
	if program {
		mine = l.quotas.Key
	}
	for _, q := range []struct {
		most int64
		of   predicate.BulkJob
	}{{mine.Bytes, bulkjob.SubmittedBy(job.SubmittedBy)}, {l.quotas.District.Bytes, bulkjob.DistrictID(job.DistrictID)}} {
		if q.most == 0 {
			continue
		}
		sum, err := storedBytes(system, client, q.of, job.ID)
		if err != nil || sum+recordedBytes*int64(rows) > q.most {
			return err == nil, err
		}
	}
	return false, nil
}

func exceeded(format string, args ...any) error {
	return fault.Conflictf(format, args...).WithCode(QuotaExceeded)
}

// RefuseBeforehand is withinQuotas before anything is read for a job, outside of the
// transaction that decides.
func (l *Limiter) RefuseBeforehand(ctx context.Context) error {
	v := viewer.FromContext(ctx)
	if v == nil || v.DistrictID == 0 { // A key names the organization with the job.
		return nil
	}
	return l.WithinQuotas(ctx, l.DB.Client(ctx), v, v.DistrictID, 0, 0)
}
