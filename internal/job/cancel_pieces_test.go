package job_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/job/reader"
)

// TestACanceledJobIsRemovedInPieces cancels a job of which a part cannot be removed yet: it
// is canceled at once, the pieces before that part are gone, nothing of the rest is shown,
// and a sweep removes it.
func TestACanceledJobIsRemovedInPieces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		if d.Kind() == database.MySQL {
			b.exec("CREATE TRIGGER keep_it BEFORE DELETE ON bulk_job_refused_rows FOR EACH ROW " +
				"IF OLD.`row` = 1500 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not yet'; END IF")
		} else {
			b.exec("CREATE TRIGGER keep_it BEFORE DELETE ON bulk_job_refused_rows WHEN OLD.`row` = 1500 " +
				"BEGIN SELECT RAISE(ABORT, 'not yet'); END")
		}
		job := b.verified(b.NorthAdmin, b.North, students,
			header+strings.Repeat(",s1,A,,user1,secret1,99,,\n", 2500)+",s2,A,B,user2,secret2,7,,\n")
		b.want(job, ready, 1, 0, 0, 2500)
		got, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.want(got, canceled, 0, 0, 1, 2500)
		const left = "SELECT COUNT(*) FROM bulk_job_refused_rows"
		if n := b.number(left); n == 0 || n == 2500 {
			t.Errorf("%d rows are left; want some", n)
		}
		if n := b.number("SELECT COUNT(*) FROM bulk_job_rows"); n != 0 {
			t.Errorf("%d plans are left", n)
		}
		as := b.As(t, b.NorthAdmin)
		if has, err := b.HaveFailedRows(as, []int{job.ID}); err != nil || has[job.ID] {
			t.Errorf("refused rows of a canceled job are offered: %v", err)
		}
		if _, err := b.FailedRows(as, new(bytes.Buffer), job.ID); !errors.Is(err, reader.ErrNoFailedRows) {
			t.Errorf("refused rows of a canceled job are given: %v", err)
		}
		if n, err := b.CountRefusedRows(as, job.ID); n != 0 || err != nil {
			t.Errorf("%d refused rows of a canceled job are counted, %v", n, err)
		}
		if page, err := b.RefusedRows(as, job.ID, nil, nil); len(page.Items) != 0 || err != nil {
			t.Errorf("%d refused rows of a canceled job are shown, %v", len(page.Items), err)
		}
		b.exec("DROP TRIGGER keep_it")
		if err := b.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := b.secrets(); n != 0 {
			t.Errorf("%d rows and pieces are left", n)
		}
	})
}
