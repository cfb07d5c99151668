package usage

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/usagetotal"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Crowd is the smallest number of students whose usage may be shown as one sum. In a
// smaller group a single student could be recognized.
const Crowd = 10

// Erased is the result of Erase.
type Erased struct{ Days, Events int }

// Erase turns the usage of students into anonymous sums and deletes the rest: which
// student it was, on which day, and in which events. What remains is the seconds of a
// school in a product in a week. If fewer than Crowd students of a school are erased at
// once, their seconds go into the sums of the district, where schools are not told apart.
// The grade is not kept.
//
// Call it in the transaction that removes the students. They must be locked.
func Erase(ctx context.Context, client *db.Client, kind database.Kind, now time.Time,
	students []*db.Student) (Erased, error) {
	perSchool := map[int]int{}
	for _, st := range students {
		perSchool[st.OrganizationID]++
	}
	of := map[int]place{}
	for _, st := range students {
		p := place{district: st.DistrictID, organization: st.OrganizationID}
		if perSchool[st.OrganizationID] < Crowd {
			p.organization = st.DistrictID
		}
		of[st.ID] = p
	}
	var erased Erased
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(of)), rowsAStatement) {
		sums, err := weekSums(ctx, client, of, chunk)
		if err != nil {
			return Erased{}, err
		}
		if err := addTotals(ctx, client, kind, now, sums); err != nil {
			return Erased{}, err
		}
		in := " WHERE student_id IN " + tuples(len(chunk), 1)
		days, err := deleted(client.ExecContext(ctx, "DELETE FROM usage_days"+in, anys(chunk)...))
		if err != nil {
			return Erased{}, err
		}
		events, err := deleted(client.ExecContext(ctx, "DELETE FROM usage_events"+in, anys(chunk)...))
		if err != nil {
			return Erased{}, err
		}
		erased.Days += days
		erased.Events += events
	}
	return erased, nil
}

// place identifies a sum.
type place struct{ district, organization int }

type totalKey struct {
	place
	week    calendar.Day
	product int
}

func weekSums(ctx context.Context, client *db.Client, of map[int]place, ids []int) (_ map[totalKey]int, err error) {
	rows, err := client.QueryContext(ctx,
		"SELECT student_id, day, product_id, seconds FROM usage_days WHERE student_id IN "+tuples(len(ids), 1), anys(ids)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	sums := map[totalKey]int{}
	for rows.Next() {
		var student, day, product, seconds int
		if err := rows.Scan(&student, &day, &product, &seconds); err != nil {
			return nil, err
		}
		sums[totalKey{of[student], calendar.Day(day).WeekEnding(), product}] += seconds
	}
	return sums, rows.Err()
}

func addTotals(ctx context.Context, client *db.Client, kind database.Kind, now time.Time, sums map[totalKey]int) error {
	// The fixed order prevents deadlocks.
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b totalKey) int {
		return cmp.Or(cmp.Compare(a.organization, b.organization), cmp.Compare(a.week, b.week),
			cmp.Compare(a.product, b.product))
	})
	upsert := " ON CONFLICT (organization_id, week_ending, product_id) DO UPDATE " +
		"SET seconds = usage_totals.seconds + excluded.seconds"
	if kind == database.MySQL {
		upsert = " ON DUPLICATE KEY UPDATE seconds = seconds + VALUES(seconds)"
	}
	for chunk := range slices.Chunk(keys, rowsAStatement) {
		args := make([]any, 0, 6*len(chunk))
		for _, k := range chunk {
			args = append(args, now, k.district, k.organization, k.product, int(k.week), sums[k])
		}
		insert := "INSERT INTO usage_totals (created_at, district_id, organization_id, product_id, " +
			"week_ending, seconds) VALUES " + tuples(6, len(chunk)) + upsert
		if _, err := client.ExecContext(ctx, insert, args...); err != nil {
			return err
		}
	}
	return nil
}

func deleted(result interface{ RowsAffected() (int64, error) }, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// ErasedSeconds is the usage of erased students in the weeks that the period of a report
// touches. No other number includes it. It is nil if grades were chosen, because the sums
// have no grades; if the sum is of fewer than Crowd students; and for teachers.
func (s *Service) ErasedSeconds(ctx context.Context, r *Report) (*int, error) {
	q, weeks := r.query, r.weeks
	if len(q.grades) > 0 || !viewer.FromContext(ctx).Administers(q.org.ID, q.org.DistrictID) {
		return nil, nil
	}
	system := viewer.AsSystem(ctx, "anonymous sums of an organization that the viewer administers")
	in := usagetotal.OrganizationID(q.org.ID)
	if q.org.Type == organization.TypeDISTRICT {
		if q.org.ErasedStudents < Crowd {
			return nil, nil
		}
		in = usagetotal.DistrictID(q.org.ID)
	}
	sums := s.db.Client(ctx).UsageTotal.Query().
		Where(in, usagetotal.WeekEndingGTE(weeks[0]), usagetotal.WeekEndingLTE(weeks[len(weeks)-1]))
	if q.byProduct {
		sums.Where(usagetotal.ProductIDIn(q.products...))
	}
	var seconds []struct {
		Rows  int `json:"rows"`
		Total int `json:"total"`
	}
	err := sums.Aggregate(db.As(db.Count(), "rows"), func(s *sql.Selector) string {
		return sql.As("COALESCE(SUM("+s.C(usagetotal.FieldSeconds)+"), 0)", "total")
	}).Scan(system, &seconds)
	if err != nil || len(seconds) == 0 || seconds[0].Rows == 0 && q.org.Type != organization.TypeDISTRICT {
		return nil, err
	}
	return &seconds[0].Total, nil
}
