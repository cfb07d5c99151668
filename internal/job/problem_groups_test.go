package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/job/cause"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/page"
)

// groups returns the groups of a job's problems as short lines.
func (b *bench) groups(jobID, first int, severity *bulkjobproblem.Severity) (lines []string) {
	b.t.Helper()
	groups, err := b.ProblemGroups(b.As(b.t, b.DistrictAdmin), jobID, &first, severity)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, g := range groups {
		if g.Message == "" {
			b.t.Errorf("no message: %+v", g)
		}
		lines = append(lines, fmt.Sprintf("%d %s %s %s %q of %d: %v", g.Count, g.Severity, g.Code, g.Column, g.Value,
			g.Values, g.Rows))
	}
	return lines
}

func (b *bench) wantGroups(got []string, want ...string) {
	b.t.Helper()
	if !slices.Equal(got, want) {
		b.t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestProblemsAreGroupedByCause(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		file := func(rows int, cells func(i int) string) string {
			var f strings.Builder
			f.WriteString(header)
			for i := range rows {
				fmt.Fprintf(&f, ",c%04d,Ada,Many,many%04d,,%s\n", i, i, cells(i))
			}
			return f.String()
		}
		t.Run("145 rows with two causes are two groups", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(145, func(i int) string {
				if i%3 == 1 {
					return "99,North School,"
				}
				return "7,Nowhere,"
			}))
			b.wantGroups(b.groups(job.ID, 20, nil),
				`97 ERROR UNKNOWN_SCHOOL School "Nowhere" of 1: [1 3 4 6 7]`, `48 ERROR UNKNOWN_GRADE Grade "99" of 1: [2 5 8 11 14]`)
			b.wantGroups(b.groups(job.ID, 1, nil), `97 ERROR UNKNOWN_SCHOOL School "Nowhere" of 1: [1 3 4 6 7]`)
			b.wantGroups(b.groups(job.ID, 0, nil))
		})
		t.Run("the largest value comes first, whatever stands beside it in the column", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(40, func(i int) string {
				if i < 16 {
					return fmt.Sprintf("%d,North School,", 90+i%4)
				}
				if i < 30 {
					return "7,Nowhere,"
				}
				return fmt.Sprintf("7,North School,Club %02d", i)
			}))
			b.wantGroups(b.groups(job.ID, 1, nil), `14 ERROR UNKNOWN_SCHOOL School "Nowhere" of 1: [17 18 19 20 21]`)
			b.wantGroups(b.groups(job.ID, 2, nil), `14 ERROR UNKNOWN_SCHOOL School "Nowhere" of 1: [17 18 19 20 21]`,
				`4 ERROR UNKNOWN_GRADE Grade "90" of 1: [1 5 9 13]`)
			if got := b.groups(job.ID, 20, nil); len(got) != 15 {
				t.Errorf("10 clubs, 4 grades and a school:\n%s", strings.Join(got, "\n"))
			}
		})
		t.Run("many values of one code and column are one group", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(30, func(i int) string {
				return fmt.Sprintf("7,North School,Club %02d", i)
			}))
			b.wantGroups(b.groups(job.ID, 20, nil), `30 ERROR UNKNOWN_GROUP Classes/Groups "" of 30: [1 2 3 4 5]`)
		})
		t.Run("errors and warnings are apart, and what has no value is a group", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(3, func(i int) string {
				return []string{",North School,", ",North School,", "7,North School,"}[i]
			}))
			warning, bad := bulkjobproblem.SeverityWARNING, bulkjobproblem.SeverityERROR
			b.wantGroups(b.groups(job.ID, 20, &bad), `2 ERROR REQUIRED Grade "" of 0: [1 2]`)
			if got := b.groups(job.ID, 20, &warning); len(got) != job.Warnings || slices.ContainsFunc(got, func(s string) bool {
				return !strings.Contains(s, "WARNING")
			}) {
				t.Errorf("%d warnings:\n%s", job.Warnings, strings.Join(got, "\n"))
			}
		})
		t.Run("problems of before have no cause, and are counted by code and column", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(6, func(i int) string {
				return fmt.Sprintf("%d,North School,", 90+i%2)
			}))
			b.exec(fmt.Sprintf("UPDATE bulk_job_problems SET cause = '' WHERE job_id = %d", job.ID))
			b.wantGroups(b.groups(job.ID, 20, nil), `6 ERROR UNKNOWN_GRADE Grade "" of 0: [1 2 3 4 5]`)
		})
		t.Run("a limit that is none is refused", func(t *testing.T) {
			for _, n := range []int{-1, cause.Most + 1} {
				if g, err := b.ProblemGroups(b.As(t, b.DistrictAdmin), 1, &n, nil); err == nil {
					t.Errorf("%d: %v", n, g)
				}
			}
		})
	})
}

func TestChangesRowByRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		var file strings.Builder
		file.WriteString(header)
		for i := range 7 {
			fmt.Fprintf(&file, ",c%04d,Ada,Many,many%04d,,%d,North School,\n", i, i, 7+85*(i%2))
		}
		job := b.verified(b.DistrictAdmin, b.Alpha, students, file.String())
		ctx := b.As(t, b.DistrictAdmin)
		fields := all(t, func(first *int, after *string) (page.Result[reader.RowChange], error) {
			return b.Changes(ctx, job.ID, first, after)
		})
		var flat []reader.RowChange
		rows := all(t, func(first *int, after *string) (page.Result[reader.ChangedRow], error) {
			return b.ChangedRows(ctx, job.ID, first, after)
		})
		for _, r := range rows {
			for _, f := range r.Changes {
				if f.Row != r.Row || f.Label != r.Label || f.StudentID != r.StudentID {
					t.Errorf("%+v in %+v", f, r)
				}
			}
			flat = append(flat, r.Changes...)
		}
		n, err := b.CountChangedRows(ctx, job.ID)
		if err != nil || n != 4 || len(rows) != 4 || fmt.Sprint(words(flat)) != fmt.Sprint(words(fields)) {
			t.Errorf("%d, %v\n%q\n%q", n, err, words(flat), words(fields))
		}
	})
}

// all reads a list in pages of 2.
func all[T any](t *testing.T, read func(first *int, after *string) (page.Result[T], error)) (list []T) {
	t.Helper()
	var after *string
	for two := 2; ; {
		p, err := read(&two, after)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Items...)
		if !p.HasNextPage {
			return list
		}
		after = &p.Cursors[len(p.Cursors)-1]
	}
}

func words(fields []reader.RowChange) (list []string) {
	for _, f := range fields {
		list = append(list, fmt.Sprintf("%d %s %s", f.Row, f.Field, *f.After))
	}
	return list
}
