// Package doctor recomputes the numbers and search words that are stored beside the rows
// they are derived from, finds students in groups of other schools than their own, and
// repairs what is wrong.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Finding is one derived value that is not what it should be.
type Finding struct {
	// Table and ID name the row.
	Table string
	ID    int
	// Column is the derived column, or "words" for the search words of a student.
	Column     string
	Has, Wants string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s %d: %s is %s and should be %s", f.Table, f.ID, f.Column, f.Has, f.Wants)
}

// check finds errors in a range of keys. It uses one statement, so that the derived value
// and its rows are compared at one moment.
type check struct {
	table  string
	column string
	// query selects the rows with a key above the first and up to the second parameter
	// whose value is wrong. It returns the id, the value, and the correct value.
	query string
	// repair sets the column of one row to its correct value; the row is locked.
	repair string
}

const (
	enrolled = "(SELECT COUNT(*) FROM enrollments e WHERE e.student_id = s.id)"
	members  = "(SELECT COUNT(*) FROM enrollments e WHERE e.group_id = g.id)"
	seconds  = "(SELECT COALESCE(SUM(u.seconds), 0) FROM usage_days u WHERE u.student_id = s.id " +
		"AND u.day >= o.usage_counted_from)"
)

// checks are in the order in which a repair must run: a value that is derived from a
// column comes after that column.
var checks = []check{
	{
		"students", "group_count",
		"SELECT s.id, s.group_count, " + enrolled +
			" FROM students s WHERE s.id > ? AND s.id <= ? AND s.group_count <> " + enrolled,
		"UPDATE students SET group_count = (SELECT COUNT(*) FROM enrollments e WHERE e.student_id = students.id), " +
			"version = version + 1 WHERE id = ?",
	},
	{
		"students", "ungrouped",
		"SELECT s.id, s.ungrouped, CASE WHEN s.group_count = 0 THEN 1 ELSE 0 END FROM students s WHERE s.id > ? " +
			"AND s.id <= ? AND s.ungrouped <> CASE WHEN s.group_count = 0 THEN 1 ELSE 0 END",
		"UPDATE students SET ungrouped = CASE WHEN group_count = 0 THEN 1 ELSE 0 END WHERE id = ?",
	},
	{
		"students", "seconds_this_year",
		"SELECT s.id, s.seconds_this_year, " + seconds +
			" FROM students s JOIN organizations o ON o.id = s.organization_id WHERE s.id > ? AND s.id <= ? " +
			"AND s.seconds_this_year <> " + seconds,
		"UPDATE students SET seconds_this_year = (SELECT COALESCE(SUM(u.seconds), 0) FROM usage_days u " +
			"WHERE u.student_id = students.id AND u.day >= (SELECT o.usage_counted_from FROM organizations o " +
			"WHERE o.id = students.organization_id)) WHERE id = ?",
	},
	{
		"students", "active",
		fmt.Sprintf(
			"SELECT s.id, s.active, CASE WHEN s.seconds_this_year >= %[1]d THEN 1 ELSE 0 END FROM students s WHERE s.id > ? "+
				"AND s.id <= ? AND s.active <> CASE WHEN s.seconds_this_year >= %[1]d THEN 1 ELSE 0 END", usage.ActiveSeconds),
		fmt.Sprintf("UPDATE students SET active = CASE WHEN seconds_this_year >= %d THEN 1 ELSE 0 END WHERE id = ?",
			usage.ActiveSeconds),
	},
	{
		"groups", "student_count",
		"SELECT g.id, g.student_count, " + members +
			" FROM `groups` g WHERE g.id > ? AND g.id <= ? AND g.student_count <> " + members,
		"UPDATE `groups` SET student_count = (SELECT COUNT(*) FROM enrollments e WHERE e.group_id = `groups`.id), " +
			"version = version + 1 WHERE id = ?",
	},
}

// batch is how many rows one statement checks; it limits how long a repair holds its
// locks.
const batch = 5000

// Doctor examines a database.
type Doctor struct{ db *database.DB }

// New returns a doctor for a database.
func New(d *database.DB) *Doctor { return &Doctor{db: d} }

// Examine reports every finding; if repair is set, it also repairs each. It returns
// the number of examined rows, too, so that an empty report can be distinguished from
// an empty database. Others may write meanwhile.
func (d *Doctor) Examine(ctx context.Context, repair bool, report func(Finding) error) (rows int, err error) {
	ctx = viewer.AsSystem(ctx, "check of derived numbers")
	for _, table := range []string{"students", "groups"} {
		last, err := d.last(ctx, table)
		if err != nil {
			return rows, err
		}
		for from := 0; from < last; from += batch {
			n, err := d.examineRange(ctx, table, from, min(from+batch, last), repair, report)
			if err != nil {
				return rows, err
			}
			rows += n
		}
	}
	return rows, nil
}

func (d *Doctor) last(ctx context.Context, table string) (int, error) {
	return scanInt(ctx, d.db.Client(ctx), "SELECT COALESCE(MAX(id), 0) FROM `"+table+"`")
}

func (d *Doctor) examineRange(ctx context.Context, table string, from, to int, repair bool,
	report func(Finding) error) (int, error) {
	n, err := scanInt(ctx, d.db.Client(ctx), "SELECT COUNT(*) FROM `"+table+"` WHERE id > ? AND id <= ?", from, to)
	if err != nil || n == 0 {
		return n, err
	}
	// Enrollments that end here change the numbers below.
	if table == "students" {
		if err := d.treatStrays(ctx, from, to, repair, report); err != nil {
			return n, err
		}
	}
	for _, c := range checks {
		if c.table != table {
			continue
		}
		findings, err := c.find(ctx, d.db.Client(ctx), from, to)
		if err != nil {
			return n, err
		}
		if err := d.treat(ctx, findings, repair, report, func(ctx context.Context, client *db.Client, id int) error {
			_, err := client.ExecContext(ctx, c.repair, id)
			return err
		}); err != nil {
			return n, err
		}
	}
	if table != "students" {
		return n, nil
	}
	// A second statement reads the words; because of the snapshot, both see the same
	// moment.
	snapshot, end := d.db.Snapshot(ctx)
	findings, err := findWords(snapshot, d.db.Client(snapshot), from, to)
	end()
	if err != nil {
		return n, err
	}
	return n, d.treat(ctx, findings, repair, report, repairWords)
}

// treat reports findings and repairs them, each in a transaction that locks its row first:
// a count is only correct while nobody else adds to it.
func (d *Doctor) treat(ctx context.Context, findings []Finding, repair bool, report func(Finding) error,
	mend func(ctx context.Context, client *db.Client, id int) error) error {
	for _, f := range findings {
		if err := report(f); err != nil {
			return err
		}
		if !repair {
			continue
		}
		err := d.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
			// An update that changes nothing takes the row's lock on every database.
			if _, err := client.ExecContext(ctx, "UPDATE `"+f.Table+"` SET version = version + 1 WHERE id = ?",
				f.ID); err != nil {
				return err
			}
			if err := mend(ctx, client, f.ID); err != nil {
				return err
			}
			return recordRepair(ctx, client, f)
		})
		if err != nil {
			return fmt.Errorf("repair %s %d: %w", f.Table, f.ID, err)
		}
	}
	return nil
}

// recordRepair records what was repaired. The words of a student are as personal as the
// name that they come from.
func recordRepair(ctx context.Context, client *db.Client, f Finding) error {
	where := "SELECT %s FROM `" + f.Table + "` WHERE id = ?"
	district, err := scanInt(ctx, client, fmt.Sprintf(where, "district_id"), f.ID)
	if err != nil {
		return err
	}
	school, err := scanInt(ctx, client, fmt.Sprintf(where, "organization_id"), f.ID)
	if err != nil {
		return err
	}
	kind := globalid.Student
	if f.Table == "groups" {
		kind = globalid.Group
	}
	e := audit.Event{
		Action:         audit.NumbersRepaired,
		DistrictID:     district,
		OrganizationID: school,
		Target:         audit.On(kind, f.ID),
		Facts:          audit.Facts{"column": f.Column},
	}
	e.Changes.Text(f.Column, f.Has, f.Wants)
	audit.Record(ctx, e)
	return nil
}

func (c check) find(ctx context.Context, client *db.Client, from, to int) (findings []Finding, err error) {
	rows, err := client.QueryContext(ctx, c.query, from, to)
	if err != nil {
		return nil, fmt.Errorf("check %s.%s: %w", c.table, c.column, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		f := Finding{Table: c.table, Column: c.column}
		if err := rows.Scan(&f.ID, &f.Has, &f.Wants); err != nil {
			return nil, err
		}
		findings = append(findings, f)
	}
	return findings, rows.Err()
}

func scanInt(ctx context.Context, client *db.Client, query string, args ...any) (n int, err error) {
	rows, err := client.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

// list formats words for a finding.
func list(words []string) string {
	words = slices.Clone(words)
	slices.Sort(words)
	return "[" + strings.Join(words, " ") + "]"
}
