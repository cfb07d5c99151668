package job_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// randomFile makes a file of all sorts of rows about students who exist, who do
// not, and who are elsewhere.
func randomFile(r *rand.Rand, ids []string, n int) (file string, rows int) {
	pick := func(options ...string) string { return options[r.IntN(len(options))] }
	var out strings.Builder
	out.WriteString(header)
	for range n {
		if r.IntN(12) == 0 {
			out.WriteString(pick("\n", ",,,,,,,,\n"))
			continue
		}
		rows++
		studentID := pick("", fmt.Sprintf("%05d", r.IntN(30)), fmt.Sprintf("N%d", r.IntN(40)), "1.5E+09")
		cells := []string{
			pick("", "", "", ids[r.IntN(len(ids))], "stu_zzzz"), studentID,
			pick("", "Ada", "=cmd", "[clear]", strings.Repeat("x", 120)), pick("", "Núñez", "Lee"),
			pick("", fmt.Sprintf("user%d", r.IntN(50)), "ab"), pick("", "", "", "secret", "abc", "[clear]"),
			pick("", "7", "K", "99"), pick("", "North School", "S", "East School"),
			pick("", "", "Algebra", "Algebra;Biology", "Chemistry", "Homeroom 7", "[clear]", "Nowhere"),
		}
		extra := pick("", "", "", "", ",extra")
		if strings.Join(cells, "")+extra == "" {
			rows--
		}
		out.WriteString(strings.Join(cells, ",") + extra + "\n")
	}
	return out.String(), rows
}

func TestNoRowIsLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		var ids []string
		for i := range 20 {
			school := b.North
			if i%3 == 0 {
				school = b.South
			}
			ids = append(ids, stu(b.Student(t, school, "First", "Last", 0)))
		}
		ids = append(ids, stu(b.Student(t, b.East, "Far", "Away", 0)))
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 1))
		modes := []bulkjob.GroupsMode{bulkjob.GroupsModeADD, bulkjob.GroupsModeREPLACE, bulkjob.GroupsModeREMOVE}
		for round := range 12 {
			who, at := b.DistrictAdmin, b.Alpha
			switch round % 3 {
			case 1:
				who, at = b.NorthAdmin, b.North
			case 2:
				who, at = b.NorthTeacher, b.North
			}
			file, rows := randomFile(r, ids, 60+r.IntN(700))
			before := b.number("SELECT COUNT(*) FROM students")
			enrolled := b.number("SELECT COUNT(*) FROM enrollments")
			job := b.verified(who, at, students, file, mode(modes[r.IntN(3)]))
			if job.TotalRows != rows || job.VerifiedRows != rows {
				t.Errorf("seed %d: %d rows in the file, %d in the job, %d verified", seed, rows, job.TotalRows, job.VerifiedRows)
			}
			b.balanced(job)
			if plans := b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ?", job.ID); plans != job.Created+
				job.Updated {
				t.Errorf("seed %d: %d plans, %d created, %d updated", seed, plans, job.Created, job.Updated)
			}
			if refused := b.number("SELECT COUNT(DISTINCT `row`) FROM bulk_job_problems WHERE severity = 'ERROR' AND job_id = ?",
				job.ID); refused != job.Errors {
				t.Errorf("seed %d: %d rows with errors, %d counted", seed, refused, job.Errors)
			}
			if kept := b.number("SELECT COUNT(*) FROM bulk_job_refused_rows WHERE refused = 1 AND job_id = ?",
				job.ID); kept != job.Errors {
				t.Errorf("seed %d: %d refused rows are kept, %d counted", seed, kept, job.Errors)
			}
			checked := *job
			job = b.applied(who, job)
			if job.Created != checked.Created || job.Updated != checked.Updated || job.Errors != checked.Errors ||
				job.ProcessedRows != rows {
				t.Errorf("seed %d: the preview said %d %d %d, it came to %d %d %d", seed, checked.Created, checked.Updated,
					checked.Errors, job.Created, job.Updated, job.Errors)
			}
			if got := b.number("SELECT COUNT(*) FROM students") - before; got != job.Created {
				t.Errorf("seed %d: %d students are new, %d counted", seed, got, job.Created)
			}
			if got := b.number("SELECT COUNT(*) FROM enrollments") - enrolled; got != job.EnrollmentsAdded-
				job.EnrollmentsRemoved || checked.EnrollmentsAdded != job.EnrollmentsAdded {
				t.Errorf("seed %d: %d enrollments more, +%d -%d counted", seed, got, job.EnrollmentsAdded, job.EnrollmentsRemoved)
			}
			again := b.verified(who, at, students, file, mode(bulkjob.GroupsModeADD))
			// A row that was refused may pass now, for example because an earlier one
			// gave up the username that it wants.
			if again.Created > job.Errors {
				t.Errorf("seed %d: the same file would create %d again\n%s", seed, again.Created, file)
			}
			b.consistent()
			if t.Failed() {
				t.Fatalf("seed %d round %d", seed, round)
			}
		}
	})
}

// Pages of changes together are the whole list, whatever their size.
func TestPagesOfChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.NorthAdmin, b.North, students, header+
			",n1,New,One,newone,,7,,Algebra\n,n2,New,Two,newtwo,secret,7,,\n,n3,New,Three,newthree,,7,,\n,,x,,,,,,\n")
		ctx := b.As(t, b.NorthAdmin)
		want := b.changes(b.NorthAdmin, job)
		for size := 1; size <= 12; size++ {
			var after *string
			n := 0
			for {
				page, err := b.Changes(ctx, job.ID, &size, after)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page.Items {
					if line := fmt.Sprintf("%d %s %s: %s → %s", c.Row, c.Label, c.Field, text(c.Before),
						text(c.After)); n >= len(want) || line != want[n] {
						t.Fatalf("pages of %d: change %d is %s", size, n, line)
					}
					n++
				}
				if !page.HasNextPage {
					break
				}
				last := page.Cursors[len(page.Cursors)-1]
				after = &last
			}
			if n != len(want) {
				t.Errorf("pages of %d hold %d changes, not %d", size, n, len(want))
			}
		}
		bad := "bm9uc2Vuc2U"
		if _, err := b.Changes(ctx, job.ID, nil, &bad); err == nil {
			t.Error("nonsense was taken for a cursor")
		}
		one := 1
		page, err := b.Problems(ctx, job.ID, &one, nil, nil)
		if err != nil || len(page.Items) != 1 || page.HasNextPage {
			t.Errorf("%+v %v", page, err)
		}
	})
}

func TestStatementsOfABatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		cost := func(rows int) (verify, apply int) {
			b := newBench(t, d)
			defer b.clean()
			var file strings.Builder
			file.WriteString(header)
			for i := range rows {
				fmt.Fprintf(&file, ",S%05d,First,Last,user%05d,,7,North School,Algebra;Biology\n", i, i)
			}
			job := b.submitted(b.NorthAdmin, b.North, students, file.String())
			ctx, counter := database.WithCounter(context.Background())
			if err := b.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			verify = counter.Statements()
			if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
			ctx, counter = database.WithCounter(context.Background())
			if err := b.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			b.want(b.job(job.ID), completed, rows, 0, 0, 0)
			return verify, counter.Statements()
		}
		v1, a1 := cost(500)
		v2, a2 := cost(1000)
		v3, a3 := cost(1500)
		t.Logf("statements: check %d, %d, %d; write %d, %d, %d", v1, v2, v3, a1, a2, a3)
		// Three of the writing statements are the entry of the batch in the audit trail.
		// One of the differences includes another piece of the stored file.
		if v2-v1 > 11 || v3-v2 > 11 || a2-a1 > 29 || a3-a2 > 29 {
			t.Errorf("a batch of 500 rows takes %d and %d statements to check, %d and %d to write", v2-v1, v3-v2, a2-a1, a3-a2)
		}
		small, _ := cost(20)
		if v1-small > 1 {
			t.Errorf("500 rows take %d statements to check, 20 rows %d", v1, small)
		}
	})
}
