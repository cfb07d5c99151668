package job_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// ill makes the database refuse writes to a table with an error about itself, until the
// returned function is called. On SQLite it has no room; on MySQL and MariaDB a trigger
// returns the error that the server would.
func (b *bench) ill(table, event string, number int) (heal func()) {
	b.t.Helper()
	onWriter := func(statement string) {
		b.t.Helper()
		err := b.DB.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, statement)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if b.DB.Kind() == database.SQLite {
		onWriter("PRAGMA max_page_count = 1") // As many as there are.
		return func() { onWriter("PRAGMA max_page_count = 1000000") }
	}
	b.exec(fmt.Sprintf(
		"CREATE TRIGGER ill BEFORE %s ON %s FOR EACH ROW SIGNAL SQLSTATE 'HY000' "+
			"SET MYSQL_ERRNO = %d, MESSAGE_TEXT = 'refused'", event, table, number))
	return func() { b.exec("DROP TRIGGER ill") }
}

// TestNoRowIsRefusedForATroubleOfTheDatabase lets a problem last for more tries than a row
// has, in every state in which a server works on a job.
func TestNoRowIsRefusedForATroubleOfTheDatabase(t *testing.T) {
	t.Parallel()
	troubles := map[string]int{
		"no room": 1114, "read-only": 1290, "a statement that took too long": 1969, "an error that nobody knows": 54321,
	}
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for name, number := range troubles {
			if d.Kind() == database.SQLite && number != 1114 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				b := newBench(t, dbtest.Open(t, d.Kind()))
				now := &clock{now: fixture.Today}
				server := benchOn(t, b.World, func(o *jobs.Options) { o.Now = now.Now })
				persist := func(jobID int, status bulkjob.Status) {
					t.Helper()
					for range 6 {
						now.Add(2 * time.Minute)
						if err := server.Drain(context.Background()); err != nil {
							t.Fatal(err)
						}
						if job := b.job(jobID); job.Status != status || job.Errors > 0 || job.KeptRows > 0 {
							t.Fatalf("%s with %d errors and %d rows kept:\n%s", job.Status, job.Errors, job.KeptRows, b.problems(job))
						}
					}
				}
				healed := func(heal func(), jobID int) *db.BulkJob {
					t.Helper()
					heal()
					now.Add(2 * time.Minute)
					if err := server.Drain(context.Background()); err != nil {
						t.Fatal(err)
					}
					return b.job(jobID)
				}
				job := b.submitted(b.NorthAdmin, b.North, students, studentsFile("s", 700, ""))
				heal := b.ill("bulk_job_rows", "INSERT", number)
				persist(job.ID, bulkjob.StatusVERIFYING)
				b.want(healed(heal, job.ID), ready, 700, 0, 0, 0)

				if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
					t.Fatal(err)
				}
				heal = b.ill("students", "INSERT", number)
				persist(job.ID, bulkjob.StatusPROCESSING)
				b.want(healed(heal, job.ID), bulkjob.StatusCOMPLETED, 700, 0, 0, 0)
				if d.Kind() == database.SQLite {
					return // Even without room, an undo finds what it needs.
				}
				if _, err := b.Undo(b.As(t, b.NorthAdmin), job.ID); err != nil {
					t.Fatal(err)
				}
				heal = b.ill("students", "UPDATE", number)
				persist(job.ID, bulkjob.StatusUNDOING)
				if job := healed(heal, job.ID); job.Status != bulkjob.StatusUNDONE || job.UndoneRows != 700 {
					t.Errorf("%s, %d rows undone", job.Status, job.UndoneRows)
				}
				b.consistent()
			})
		}
	})
}

// Group replication refuses a transaction that is too large at its commit, Galera
// with a number of its own, and a server with a binary log when its cache is full.
func TestATransactionThatIsTooLargeForTheDatabase(t *testing.T) {
	t.Parallel()
	for _, number := range []int{1197, 3100} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, dbtest.Open(t, database.MySQL))
			// The 600th student of a transaction is too many.
			b.exec(fmt.Sprintf(
				"CREATE TRIGGER large BEFORE INSERT ON students FOR EACH ROW IF (SELECT COUNT(*) FROM students WHERE external_id "+
					"LIKE CONCAT(LEFT(NEW.external_id, 1), '%%')) - (SELECT SUM(processed_rows) FROM bulk_jobs WHERE status = "+
					"'PROCESSING') >= 599 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = %d, MESSAGE_TEXT = 'too large'; END IF",
				number))
			whole := b.verified(b.NorthAdmin, b.North, students, studentsFile("w", 1000, ""), allOrNothing)
			if _, err := b.Start(b.As(t, b.NorthAdmin), whole.ID); err != nil {
				t.Fatal(err)
			}
			whole = b.drained(whole.ID)
			if said := b.problems(whole); whole.Status != bulkjob.StatusFAILED ||
				!strings.Contains(said, "TRANSACTION_TOO_LARGE") {
				t.Errorf("%s:\n%s", whole.Status, said)
			}
			parts := b.verified(b.NorthAdmin, b.North, students, studentsFile("p", 1000, ""))
			if _, err := b.Start(b.As(t, b.NorthAdmin), parts.ID); err != nil {
				t.Fatal(err)
			}
			b.want(b.drained(parts.ID), bulkjob.StatusCOMPLETED, 1000, 0, 0, 0)
			b.consistent()
		})
	}
}
