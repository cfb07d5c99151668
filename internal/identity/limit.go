package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Attempts to sign in are limited by buckets that empty with time. One is for the
// account and the network together; one for the network, whatever the account;
// and one for the account, whatever the network. An attempt takes from all of
// them, and a right password gives back what it took.
//
// The last two would let a stranger keep somebody out, by wrong passwords from
// elsewhere or from beside them in the same school. So where the account has signed
// in from the network before, a right password opens the account although these
// buckets are full, within a limit of its own; and in a browser where it has signed in
// before, within a limit of that browser, which nobody else fills. What a wrong one is told is computed
// from the three buckets alone, and so the answers do not tell which accounts exist
// and where they are used. A bucket that is full is never closed: it lets one
// attempt through at every interval, and setting a password by a link makes a
// network known. The buckets stand in the database, because several servers share
// them.
var (
	pairRate    = rate{burst: 10, every: time.Minute}
	networkRate = rate{burst: 100, every: 3 * time.Second}
	accountRate = rate{burst: 30, every: 30 * time.Second}
	// spareRate is for attempts that the other rates refuse. Those on accounts that
	// are not known in the network count as well, and try nothing.
	spareRate = rate{burst: 10, every: 10 * time.Second}
	// resetRate is for mails to one address, which is somebody's mailbox.
	resetRate = rate{burst: 3, every: 10 * time.Minute}
	// inviteRate is for invitations to one address, which administrators repeat.
	inviteRate = rate{burst: 5, every: 10 * time.Minute}
)

// KnownFor is how long a network and a browser stay known after a sign-in.
const KnownFor = 90 * 24 * time.Hour

// rate allows a number of attempts at once and after that one at every interval.
type rate struct {
	burst int
	every time.Duration
}

// bucket is one limit for one attempt.
type bucket struct {
	mark string
	rate rate
}

// attempt is what an attempt to sign in has taken.
type attempt struct {
	account string
	network string
	taken   []bucket
	// refusal is what a wrong password is told instead of WRONG_CREDENTIALS, and known
	// whether a right one opens the account all the same.
	refusal error
	known   bool
	// passwordHash is that of the account when the attempt began, or empty.
	passwordHash string
}

// mark names what is remembered. It is hashed so that the table holds neither
// mail addresses nor arbitrarily long text.
func mark(kind string, parts ...string) string {
	return hashToken(kind + "\x00" + strings.Join(parts, "\x00"))
}

// admit lets an attempt on an account through, or says when to try again. It runs
// the same statements for accounts that do not exist. An attempt with a refusal is
// one that nobody may notice but by a right password. The hash is that of the account's
// password, or empty.
func (s *Service) admit(system context.Context, account, passwordHash string) (attempt, error) {
	network := viewer.OriginOf(system).Network()
	known, err := s.db.Client(system).SignInMark.Query().
		Where(signinmark.Mark(knownMark(account, network, passwordHash)), signinmark.UntilMsGT(s.now().UnixMilli())).
		Exist(system)
	if err != nil {
		return attempt{}, err
	}
	try := attempt{account: account, network: network, known: known, passwordHash: passwordHash, taken: []bucket{
		{mark("network", network), networkRate},
		{mark("account", account), accountRate},
		{mark("pair", account, network), pairRate},
	}}
	refusal := s.take(system, try.taken, "too many attempts to sign in")
	if !isLimit(refusal) {
		return try, refusal
	}
	spare := mark("spare", account, network)
	if device := s.deviceWith(system, account, passwordHash); device != "" {
		try.known, spare = true, mark("spare of a device", account, device)
	}
	try.refusal, try.taken = refusal, []bucket{{spare, spareRate}}
	if err := s.take(system, try.taken, ""); isLimit(err) {
		return attempt{}, refusal
	} else if err != nil {
		return attempt{}, err
	}
	return try, nil
}

const codeLimited = "RATE_LIMITED"

func isLimit(err error) bool {
	f := fault.From(err)
	return f != nil && f.Code == codeLimited
}

// take takes from all buckets or from none. The buckets come in the same order
// every time, so that attempts wait for each other and do not block each other.
func (s *Service) take(system context.Context, buckets []bucket, tooMany string) error {
	return s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		var longest time.Duration
		for _, b := range buckets {
			wait, err := s.takeOne(ctx, client, b)
			if err != nil {
				return err
			}
			longest = max(longest, wait)
		}
		if longest > 0 {
			return fault.Conflictf("%s; try again in %s", tooMany, inWords(longest)).WithCode(codeLimited)
		}
		return nil
	})
}

// takeOne takes from one bucket, and returns how long to wait where it is full.
// until_ms is the moment at which the bucket will be empty again. A bucket that
// nobody has taken from takes the same statements as one that somebody has.
func (s *Service) takeOne(ctx context.Context, client *db.Client, b bucket) (time.Duration, error) {
	now, every := s.now().UnixMilli(), b.rate.every.Milliseconds()
	full := now + int64(b.rate.burst-1)*every
	err := client.SignInMark.Create().SetMark(b.mark).SetUntilMs(now).
		OnConflict(sql.ConflictColumns(signinmark.FieldMark), sql.ResolveWithIgnore()).Exec(ctx)
	if err != nil {
		return 0, err
	}
	result, err := client.ExecContext(ctx,
		"UPDATE sign_in_marks SET until_ms = CASE WHEN until_ms > ? THEN until_ms ELSE ? END + ? "+
			"WHERE mark = ? AND until_ms <= ?", now, now, every, b.mark, full)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); n > 0 || err != nil {
		return 0, err
	}
	// The row is locked, so that it is what the update has seen.
	query := client.SignInMark.Query().Where(signinmark.Mark(b.mark))
	if s.db.RowLocks() {
		query.ForUpdate()
	}
	row, err := query.Only(ctx)
	if err != nil {
		return 0, err
	}
	return time.Duration(row.UntilMs-full) * time.Millisecond, nil
}

// giveBack undoes an attempt that tried nothing.
func (s *Service) giveBack(system context.Context, try attempt) error {
	return s.inTurn(system, func(ctx context.Context, client *db.Client) error { return giveBack(ctx, client, try.taken) })
}

func giveBack(ctx context.Context, client *db.Client, taken []bucket) error {
	for _, b := range taken {
		if err := client.SignInMark.Update().Where(signinmark.Mark(b.mark)).AddUntilMs(-b.rate.every.Milliseconds()).
			Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// succeed gives back what a right password took, and remembers the network.
func (s *Service) succeed(ctx context.Context, client *db.Client, try attempt) error {
	if err := giveBack(ctx, client, try.taken); err != nil {
		return err
	}
	return s.remember(ctx, client, try.account, try.network, try.passwordHash)
}

// remember makes a network known for an account. Where nobody knows the network
// there is nothing to remember.
func (s *Service) remember(ctx context.Context, client *db.Client, account, network, passwordHash string) error {
	if network == "" {
		return nil
	}
	return client.SignInMark.Create().SetMark(knownMark(account, network, passwordHash)).
		SetUntilMs(s.now().Add(KnownFor).UnixMilli()).
		OnConflict(sql.ConflictColumns(signinmark.FieldMark), sql.ResolveWith(func(u *sql.UpdateSet) {
			u.SetExcluded(signinmark.FieldUntilMs)
		})).Exec(ctx)
}

// knownMark names a network for an account and its password of today: whoever knew a
// password once, and signed in from a hundred networks, has no hundred limits for the next.
func knownMark(account, network, passwordHash string) string {
	return mark("known", account, network, passwordHash)
}

// inWords is a time to wait for people, never shorter than it is.
func inWords(d time.Duration) string {
	if seconds := int((d + time.Second - 1) / time.Second); seconds < 100 {
		return plural(seconds, "second")
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
