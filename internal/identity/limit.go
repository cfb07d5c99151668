package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Sign-in attempts are limited by three buckets that drain with time: one for the account
// and the network together, one for the network with any account, and one for the account
// from any network. An attempt takes from all three, and a right password gives back what
// it took.
//
// The last two would let a stranger lock somebody out, by wrong passwords from elsewhere
// or from within the same school. Therefore each account has a small reserve in every
// network whose bucket is full: somebody who guesses at the passwords of a whole school
// keeps nobody else there out, in whatever browser. And from a network where the account
// has signed in before, a right password opens the account even if these buckets are
// full, within a limit of its own. The same holds for a browser that has signed in to the
// account before; nobody else can exhaust that limit. The answer to a wrong password
// depends on the three buckets alone, so answers do not reveal which accounts exist and
// where they are used. A full bucket never closes: it lets one attempt through at every
// interval, and setting a password by a link makes a network known. The buckets are in
// the database, because several servers share them.
var (
	pairRate    = rate{burst: 10, every: time.Minute}
	networkRate = rate{burst: 100, every: 3 * time.Second}
	accountRate = rate{burst: 30, every: 30 * time.Second}
	// reserveRate is for attempts on one account in a network that is full. It is small,
	// because somebody who tries one password on many accounts has it for each of them.
	reserveRate = rate{burst: 2, every: 10 * time.Minute}
	// spareRate is for attempts that the other rates refuse. Attempts on accounts that are
	// not known in the network count too, although they try nothing.
	spareRate = rate{burst: 10, every: 10 * time.Second}
	// resetRate is for links to one account.
	resetRate = rate{burst: 3, every: 10 * time.Minute}
	// inviteRate is for invitations to one mailbox by one person, who may repeat them;
	// mailboxRate is for those by everybody at the schools of a district, and for those by
	// its administrators. inviterRate is for those by one person, schoolRate for those of
	// one school, and districtRate for those of all schools of a district and, separately,
	// for those by its administrators. People who invite more import a file.
	inviteRate   = rate{burst: 5, every: 10 * time.Minute}
	mailboxRate  = rate{burst: 20, every: 10 * time.Minute}
	inviterRate  = rate{burst: 100, every: 10 * time.Minute}
	schoolRate   = rate{burst: 150, every: 5 * time.Minute}
	districtRate = rate{burst: 500, every: 2 * time.Minute}
	// keyRate is for service keys that the schools of a district create and, separately, for
	// those that its administrators create; schoolKeyRate is for those of one school.
	keyRate       = rate{burst: 50, every: 10 * time.Minute}
	schoolKeyRate = rate{burst: 10, every: 10 * time.Minute}
	// anyRate limits nothing; its buckets let others wait until the transaction ends.
	anyRate = rate{burst: 1 << 30, every: time.Millisecond}
)

// KnownFor is how long a network and a browser stay known after a sign-in.
const KnownFor = 90 * 24 * time.Hour

// rate allows a number of attempts at once, and then one at every interval.
type rate struct {
	burst int
	every time.Duration
}

// bucket is one limit of one attempt.
type bucket struct {
	mark string
	rate rate
}

// attempt is what an attempt to sign in has taken.
type attempt struct {
	account string
	network string
	taken   []bucket
	// refusal is the answer to a wrong password instead of WRONG_CREDENTIALS. known says
	// whether a right password opens the account all the same.
	refusal error
	known   bool
	// passwordHash is the account's at the start of the attempt, or empty.
	passwordHash string
}

// mark returns the name of a limit. It is hashed, so that the table holds neither mail
// addresses nor long texts.
func mark(kind string, parts ...string) string {
	return hashToken(kind + "\x00" + strings.Join(parts, "\x00"))
}

// admit lets an attempt on an account through, or says when to try again. It runs the same
// statements for accounts that do not exist. If an attempt has a refusal, only a right
// password may make a difference. The hash is that of the account's password, or empty.
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
	const tooMany = "too many attempts to sign in"
	refusal := s.take(system, try.taken, tooMany)
	if !isLimit(refusal) {
		return try, refusal
	}
	// It is also taken from if another bucket is full, so that the statements are the
	// same.
	try.taken[0] = bucket{mark("reserve", account, network), reserveRate}
	if err := s.take(system, try.taken, tooMany); !isLimit(err) {
		return try, err
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

// take takes from all buckets or from none. Their order is always the same, so that
// attempts wait for each other without a deadlock.
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
			return tooOften(tooMany, longest)
		}
		return nil
	})
}

func tooOften(what string, wait time.Duration) error {
	return fault.Conflictf("%s; try again in %s", what, inWords(wait)).WithCode(codeLimited).
		After(int((wait + time.Second - 1) / time.Second))
}

// takeOne takes from one bucket. If it is full, it returns how long to wait. until_ms is
// the moment at which the bucket will be empty. A new bucket needs the same statements as
// an old one.
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
	// The row is locked, so this is what the update has seen.
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

// giveBack returns what an attempt took without trying a password.
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

// remember makes a network known for an account. If the network is unknown, there is
// nothing to remember.
func (s *Service) remember(ctx context.Context, client *db.Client, account, network, passwordHash string) error {
	if network == "" {
		return nil
	}
	account = fold.Address(account)
	return client.SignInMark.Create().SetMark(knownMark(account, network, passwordHash)).
		SetUntilMs(s.now().Add(KnownFor).UnixMilli()).
		OnConflict(sql.ConflictColumns(signinmark.FieldMark), sql.ResolveWith(func(u *sql.UpdateSet) {
			u.SetExcluded(signinmark.FieldUntilMs)
		})).Exec(ctx)
}

// knownMark names a network for an account and its current password. Somebody who once
// knew a password, and signed in from a hundred networks, must not get a hundred limits
// for guessing the next one.
func knownMark(account, network, passwordHash string) string {
	return mark("known", account, network, passwordHash)
}

// Once reports whether something is done for the first time, on any server. It is
// remembered until a time after which it cannot be done any more.
func (s *Service) Once(ctx context.Context, what, secret string, until time.Time) (first bool, err error) {
	system := viewer.AsSystem(ctx, "what is done once")
	err = s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		return client.SignInMark.Create().SetMark(mark("once", what, secret)).SetUntilMs(until.UnixMilli()).Exec(ctx)
	})
	if database.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

// inWords writes a duration for people. It never shortens it.
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
