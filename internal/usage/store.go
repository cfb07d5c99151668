package usage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/ent/db/usageevent"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
)

// dayKey is the key of a row of usage_days.
type dayKey struct {
	student int
	day     calendar.Day
	product int
}

// registerProducts returns the keys of the events' products. It creates new products.
func (r *recording) registerProducts(ctx context.Context) (map[string]int, error) {
	codes := make(map[string]int)
	for _, e := range r.events {
		codes[e.ProductCode] = 0
	}
	wanted := slices.Sorted(maps.Keys(codes))
	for round := 0; ; round++ {
		found, err := r.client.Product.Query().Where(product.CodeIn(wanted...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			codes[p.Code] = p.ID
		}
		if len(found) == len(wanted) {
			return codes, nil
		}
		if round > 0 {
			return nil, fmt.Errorf("products %q were written and are not there", wanted)
		}
		var args []any
		for _, code := range wanted {
			if codes[code] == 0 {
				args = append(args, r.now, code)
			}
		}
		insert := "INSERT INTO products (created_at, code) VALUES " + tuples(2, len(args)/2)
		if r.mysql() {
			insert += " ON DUPLICATE KEY UPDATE code = code"
		} else {
			insert += " ON CONFLICT DO NOTHING"
		}
		if _, err := r.client.ExecContext(ctx, insert, args...); err != nil {
			return nil, err
		}
	}
}

// claim writes the ids of the events that were never counted, and returns these events,
// the first one for each id and student. Calls about the same students come one after the
// other, because prepare has locked them. Between the nodes of a cluster locks do not
// reach, and the unique index decides: the second call's whole statement is refused, and
// the call then sees the ids of the first call as counted. So after each refusal there are
// fewer ids to write; if there are not, that is an error.
func (r *recording) claim(ctx context.Context) ([]Event, error) {
	events := make(map[claimed]Event, len(r.events))
	var ids []string
	var students []int
	for _, e := range slices.Backward(r.events) {
		c := claimed{e.ID, r.byExternalID[e.StudentExternalID].ID}
		events[c] = e
		ids, students = append(ids, c.event), append(students, c.student)
	}
	var refusal error
	for {
		known, err := r.client.UsageEvent.Query().
			Where(usageevent.DistrictID(r.org.DistrictID), usageevent.EventIDIn(ids...),
				usageevent.StudentIDIn(sortedIDs(students)...)).
			Select(usageevent.FieldEventID, usageevent.FieldStudentID).All(ctx)
		if err != nil {
			return nil, err
		}
		before := len(events)
		for _, k := range known {
			delete(events, claimed{k.EventID, *k.StudentID})
		}
		if refusal != nil && len(events) == before {
			return nil, refusal
		}
		if len(events) == 0 {
			return nil, nil
		}
		args := make([]any, 0, 4*len(events))
		fresh := make([]Event, 0, len(events))
		for _, c := range slices.SortedFunc(maps.Keys(events), claimed.compare) {
			args = append(args, r.now, r.org.DistrictID, c.event, c.student)
			fresh = append(fresh, events[c])
		}
		_, refusal = r.client.ExecContext(ctx,
			"INSERT INTO usage_events (created_at, district_id, event_id, student_id) VALUES "+tuples(4, len(fresh)), args...)
		if refusal == nil {
			return fresh, nil
		}
		if !database.IsDuplicate(refusal) {
			return nil, refusal
		}
	}
}

// claimed identifies an event. Its id belongs to one student: what another school has
// reported under the same id is neither dropped nor revealed.
type claimed struct {
	event   string
	student int
}

func (c claimed) compare(o claimed) int {
	return cmp.Or(cmp.Compare(c.event, o.event), cmp.Compare(c.student, o.student))
}

// addDays adds seconds to the days of students, who are locked.
func (r *recording) addDays(ctx context.Context, days map[dayKey]int) error {
	keys := slices.SortedFunc(maps.Keys(days), func(a, b dayKey) int {
		return cmp.Or(cmp.Compare(a.student, b.student), cmp.Compare(a.day, b.day), cmp.Compare(a.product, b.product))
	})
	upsert := " ON CONFLICT (student_id, day, product_id) DO UPDATE SET seconds = usage_days.seconds + excluded.seconds"
	if r.mysql() {
		upsert = " ON DUPLICATE KEY UPDATE seconds = seconds + VALUES(seconds)"
	}
	for chunk := range slices.Chunk(keys, rowsAStatement) {
		args := make([]any, 0, 5*len(chunk))
		for _, k := range chunk {
			args = append(args, r.now, k.student, k.product, int(k.day), days[k])
		}
		insert := "INSERT INTO usage_days (created_at, student_id, product_id, day, seconds) VALUES " +
			tuples(5, len(chunk)) + upsert
		if _, err := r.client.ExecContext(ctx, insert, args...); err != nil {
			return err
		}
	}
	return nil
}

// saveStudents writes the sums of students. The students are locked.
func (r *recording) saveStudents(ctx context.Context, students map[int]*db.Student) error {
	ids := slices.Sorted(maps.Keys(students))
	for chunk := range slices.Chunk(ids, rowsAStatement) {
		var seconds, active, last, all []any
		for _, id := range chunk {
			st := students[id]
			seconds = append(seconds, id, st.SecondsThisYear)
			active = append(active, id, activeFlag(st.SecondsThisYear))
			last = append(last, id, *st.LastActiveAt)
			all = append(all, id)
		}
		byID := "CASE id" + strings.Repeat(" WHEN ? THEN ?", len(chunk)) + " END"
		update := "UPDATE students SET seconds_this_year = " + byID + ", active = " + byID + ", last_active_at = " + byID +
			" WHERE id IN " + tuples(len(chunk), 1)
		if _, err := r.client.ExecContext(ctx, update, slices.Concat(seconds, active, last, all)...); err != nil {
			return err
		}
	}
	return nil
}

func activeFlag(secondsThisYear int) int {
	if secondsThisYear >= ActiveSeconds {
		return 1
	}
	return 0
}

// rowsAStatement limits statements whose cost or size grows with their rows.
const rowsAStatement = 250

// tuples returns n parenthesized lists of width placeholders.
func tuples(width, n int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(one+", ", n), ", ")
}
