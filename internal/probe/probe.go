// Package probe limits how often an account, and all accounts of a district together, may
// learn that an ID, a username or an address is taken by somebody they cannot see. Each
// such answer reveals that somebody exists, and one file could ask about a whole district.
// Answers to files, corrections and single changes count together, by day in UTC.
//
// What the caller can see or administers is no secret and does not count. Neither does a
// value that turns out to be free. Once the answers of a day are used up, taken and free
// values get the same refusal; see Counter.Ask.
package probe

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/takenanswer"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Stopped is the code of ErrStopped, and of a job that fails for it.
const Stopped = "TAKEN_ANSWERS_STOPPED"

// ErrStopped is returned instead of an answer that would be one too many.
var ErrStopped = fault.Forbiddenf("today you or your district have learned too often that an ID, a username or an " +
	"address is taken by somebody whom you cannot see, so no more such answers are given; " +
	"ask an administrator of the district, or try again tomorrow").WithCode(Stopped)

// Counter counts the answers. A nil Counter counts nothing.
type Counter struct {
	db   *database.DB
	most int
	now  func() time.Time
	log  *slog.Logger
}

// districtTimes is how many times the answers of one account all accounts of a district
// get together. So nobody gets more answers by creating accounts or service keys.
const districtTimes = 10

// New returns a counter that allows an account most answers a day, and a district ten
// times as many; 0 allows any number.
func New(d *database.DB, most int, now func() time.Time, log *slog.Logger) *Counter {
	return &Counter{db: d, most: most, now: now, log: log}
}

// Note counts answers to an account in the transaction that reveals them, and returns
// ErrStopped if they would be too many. Then none of them may be given, and Stop is
// called after the transaction.
func (c *Counter) Note(ctx context.Context, client *db.Client, districtID, educatorID, n int) error {
	if c == nil || c.most <= 0 || n == 0 {
		return nil
	}
	if err := c.add(ctx, client, educatorID, n, c.most); err != nil {
		return err
	}
	// The row of a district has a negative key, which is the key of no account.
	return c.add(ctx, client, -districtID, n, districtTimes*c.most)
}

func (c *Counter) add(ctx context.Context, client *db.Client, who, n, most int) error {
	if err := c.begin(ctx, client, who); err != nil {
		return err
	}
	hit, err := affected(client.ExecContext(ctx,
		"UPDATE taken_answers SET answers = answers + ? WHERE educator_id = ? AND day = ? AND answers + ? <= ?", n, who,
		c.today(), n, most))
	if err == nil && hit == 0 {
		err = ErrStopped
	}
	return err
}

// Ask is called before somebody learns whether an ID or a username is free. Once an
// account has used up its answers of the day, Ask returns ErrStopped whether the value is
// taken or not, because a refusal in only one of the cases would be an answer too.
func (c *Counter) Ask(ctx context.Context, districtID, educatorID int) error {
	if c == nil || c.most <= 0 || educatorID == 0 {
		return nil
	}
	spent, err := c.db.Client(ctx).TakenAnswer.Query().Where(takenanswer.EducatorID(educatorID),
		takenanswer.Day(c.today()), takenanswer.AnswersGTE(c.most)).
		Exist(viewer.AsSystem(ctx, "whether answers have ended for the day"))
	if err != nil || !spent {
		return err
	}
	c.Stop(ctx, districtID, educatorID)
	return ErrStopped
}

// Answer counts one answer to the viewer, in its own transaction, and returns
// ErrStopped if it must not be given.
func (c *Counter) Answer(ctx context.Context, districtID int) error {
	if c == nil {
		return nil
	}
	educatorID := viewer.FromContext(ctx).SubmitterID()
	err := c.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		return c.Note(ctx, client, districtID, educatorID, 1)
	})
	if errors.Is(err, ErrStopped) {
		c.Stop(ctx, districtID, educatorID)
	}
	return err
}

// Stop ends the answers to an account for the day, so that nobody continues with smaller
// files. It records this in the audit trail, once.
func (c *Counter) Stop(ctx context.Context, districtID, educatorID int) {
	err := c.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := c.begin(ctx, client, educatorID); err != nil {
			return err
		}
		hit, err := affected(
			client.ExecContext(ctx, "UPDATE taken_answers SET answers = ? WHERE educator_id = ? AND day = ? AND answers <= ?",
				c.most+1, educatorID, c.today(), c.most))
		if err == nil && hit > 0 {
			audit.Record(ctx,
				audit.Event{Action: audit.TakenAnswersStopped, Code: Stopped, DistrictID: districtID, OrganizationID: districtID,
					Target: audit.On(globalid.Educator, educatorID), Facts: audit.Facts{"answers": c.most}})
		}
		return err
	})
	if err != nil {
		c.log.ErrorContext(ctx, "somebody learned often that something is taken, and the audit trail has no entry of it",
			"educator",
			educatorID, "error", err)
	}
}

// Forget removes the counts of days that are over.
func (c *Counter) Forget(ctx context.Context) error {
	if c == nil {
		return nil
	}
	return c.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "DELETE FROM taken_answers WHERE day < ?", c.today()-1)
		return err
	})
}

// begin creates the row of the day, if it is missing.
func (c *Counter) begin(ctx context.Context, client *db.Client, educatorID int) error {
	insert := "INSERT OR IGNORE"
	if c.db.Kind() == database.MySQL {
		insert = "INSERT IGNORE"
	}
	_, err := client.ExecContext(ctx,
		insert+" INTO taken_answers (created_at, educator_id, day, answers) VALUES (?, ?, ?, 0)", database.Instant(c.now()),
		educatorID, c.today())
	return err
}

func (c *Counter) today() int { return int(c.now().Unix() / (24 * 60 * 60)) }

func affected(result interface{ RowsAffected() (int64, error) }, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
