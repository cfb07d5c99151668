package identity

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// useIsWrittenEvery is the precision of the last use of a session or key. Writing it
	// with every request would turn every read into a write.
	useIsWrittenEvery = time.Minute
	// usePatience is how long a request waits for the last use to be written while an
	// import keeps an embedded database busy. The next request tries again.
	usePatience = 250 * time.Millisecond

	maxUserAgent = 200
	// maxSessions is how many sessions an account has. Without a limit, a program that
	// signs in for each request, or somebody who knows a password, could make the list
	// endless.
	maxSessions = 100
)

// Session is a sign-in. The token is shown once and stored as a hash.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Viewer    *viewer.Viewer
	// Devices is what the browser keeps, even after the session, and sends for
	// WithDevices. It may be empty.
	Devices string
}

// start starts a session of an educator who has entered the right password.
func (s *Service) start(system context.Context, account *db.Educator, try attempt) (Session, error) {
	var opened opening
	var step *StepRequired
	err := s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		// A simultaneous change of the password or the address, or disabling the account,
		// ends all sessions that exist. This one must not be created after that.
		same, err := s.lockEnabled(ctx, client, educator.ID(account.ID), educator.PasswordHash(account.PasswordHash),
			educator.EmailKey(*account.EmailKey))
		if err != nil || same == nil {
			return orElse(err, errSignIn)
		}
		// What the attempt took is given back once the second factor is right too.
		if step, err = s.secondStep(ctx, client, same, try, ""); err != nil || step != nil {
			return err
		}
		if err := s.succeed(ctx, client, try); err != nil {
			return err
		}
		return s.open(ctx, client, same, &opened)
	})
	if err != nil {
		return Session{}, err
	}
	if step != nil {
		s.refused(system, account, step)
		return Session{}, step
	}
	return s.opened(system, opened)
}

// lockEnabled locks an account that can be signed in to until the transaction ends, and
// returns it; nil if there is none.
func (s *Service) lockEnabled(ctx context.Context, client *db.Client,
	which ...predicate.Educator) (*db.Educator, error) {
	query := client.Educator.Query().Where(which...).Where(educator.Disabled(0), educator.Service(0))
	if s.db.RowLocks() {
		query.ForUpdate()
	}
	e, err := query.Only(ctx)
	return e, ignoreNotFound(err)
}

// opening is a session that is being created.
type opening struct {
	token   string
	expires time.Time
	// facts are recorded in the audit trail; they say how the person signed in.
	facts audit.Facts
	// secondFactor is true if the person has shown one, or a provider counts as one.
	secondFactor bool
	// provider is the name of the provider at which the person began, or empty.
	provider string
	// devices is Session.Devices.
	devices string
}

// open creates a session. It removes the account's sessions that have ended, and those
// beyond the limit.
func (s *Service) open(ctx context.Context, client *db.Client, account *db.Educator, o *opening) error {
	now := s.instant()
	o.token, o.expires = newSecret(), now.Add(s.lifetime)
	if account.EmailKey != nil {
		o.devices = s.devices(ctx, *account.EmailKey, account.PasswordHash)
	}
	origin := viewer.OriginOf(ctx)
	address := ""
	if origin.Address.IsValid() {
		address = origin.Address.Unmap().WithZone("").String()
	}
	ended := s.over(now)
	if s.begunElsewhere(account.EmailKey, "") {
		ended = session.Or(ended, session.ProviderNotIn(s.namesOf[domainOf(*account.EmailKey)]...))
	}
	if _, err := client.Session.Delete().Where(session.EducatorID(account.ID), ended).Exec(ctx); err != nil {
		return err
	}
	surplus, err := s.makeRoom(ctx, client, account.ID)
	if err != nil {
		return err
	}
	if surplus > 0 {
		// All sign-ins of a provider may share these facts.
		o.facts = maps.Clone(o.facts)
		if o.facts == nil {
			o.facts = audit.Facts{}
		}
		o.facts["sessionsEnded"] = surplus
	}
	begun, err := client.Session.Create().SetEducatorID(account.ID).SetTokenHash(hashToken(o.token)).SetCreatedAt(now).
		SetSecondFactor(flag(o.secondFactor)).SetProvider(o.provider).SetProvedAt(now).SetExpiresAt(o.expires).
		SetLastUsedAt(now).SetAddress(address).
		SetUserAgent(shorten(origin.UserAgent)).Save(ctx)
	if err != nil {
		return err
	}
	return recordSignIn(ctx, client, account, begun, o.facts)
}

func ignoreNotFound(err error) error {
	if db.IsNotFound(err) {
		return nil
	}
	return err
}

// shorten makes the name of a client short enough for a list.
func shorten(userAgent string) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, userAgent)
	if runes := []rune(text); len(runes) > maxUserAgent {
		return string(runes[:maxUserAgent-1]) + "…"
	}
	return text
}

// ErrSession is the error for a token that has no session, or whose session has ended.
var ErrSession = fault.Unauthenticatedf("the session has ended; sign in again")

// ofSession is the rest of a statement that reads the viewers of sessions s: the address
// and where the session began, whether a second factor must still be set up, the account,
// and its roles.
const ofSession = "e.email_key, s.provider, CASE WHEN s.second_factor = 0 AND " + needsFactor + " THEN 1 ELSE 0 END, " +
	"e.id, e.district_id, r.role, r.organization_id, r.district_id " +
	"FROM sessions s JOIN educators e ON e.id = s.educator_id " + rolesAndOrganizations

// Authenticate returns the viewer of a token with one statement. Once a minute a second
// one notes that the session is in use.
func (s *Service) Authenticate(ctx context.Context, token string) (*viewer.Viewer, error) {
	return s.authenticate(ctx, token, true)
}

// Check is Authenticate for requests that a program makes by itself, such as a page that
// is left open and watches something. They do not count as use of the session.
func (s *Service) Check(ctx context.Context, token string) (*viewer.Viewer, error) {
	return s.authenticate(ctx, token, false)
}

func (s *Service) authenticate(ctx context.Context, token string, isUse bool) (*viewer.Viewer, error) {
	if strings.HasPrefix(token, KeyPrefix) {
		return s.authenticateKey(ctx, token, isUse)
	}
	const query = "SELECT s.id, CASE WHEN s.last_used_at <= ? THEN 1 ELSE 0 END, " + ofSession +
		"WHERE s.token_hash = ? AND s.expires_at > ? AND s.last_used_at > ? AND e.disabled = 0 ORDER BY r.id"
	now := s.instant()
	due := now.Add(-useIsWrittenEvery)
	v, stale, err := s.loadOne(ctx, query, due, hashToken(token), now, now.Add(-s.idle))
	if stale && isUse {
		s.writeUse(ctx, func(ctx context.Context, client *db.Client) error {
			return client.Session.Update().Where(session.ID(v.SessionID), session.LastUsedAtLTE(due)).
				SetLastUsedAt(now).Exec(ctx)
		})
	}
	return v, err
}

// writeUse records that something is in use. If that fails, the request continues.
func (s *Service) writeUse(ctx context.Context, write func(ctx context.Context, client *db.Client) error) {
	limited, cancel := context.WithTimeout(viewer.AsSystem(ctx, "last use of a session or key"), usePatience)
	defer cancel()
	if err := s.db.InTx(limited, write); err != nil && limited.Err() == nil {
		s.log.WarnContext(ctx, "write the last use of a session or key", "error", err)
	}
}

// Viewer returns an educator as a viewer, for work that the server does later on their
// behalf. A disabled account has none. Work that was started before a second factor was
// required continues.
func (s *Service) Viewer(ctx context.Context, educatorID int) (*viewer.Viewer, error) {
	const query = "SELECT 0, 0, NULL, '', 0, e.id, e.district_id, r.role, r.organization_id, r.district_id " +
		"FROM educators e LEFT JOIN role_assignments r ON r.educator_id = e.id WHERE e.id = ? " +
		"AND e.disabled = 0 ORDER BY r.id"
	v, _, err := s.loadOne(ctx, query, educatorID)
	return v, err
}

// loadOne reads a viewer with the roles, and whether the last use is due to be written.
func (s *Service) loadOne(ctx context.Context, query string, args ...any) (v *viewer.Viewer, stale bool, err error) {
	err = s.load(ctx, func(each *viewer.Viewer, due bool) { v, stale = each, due }, query, args...)
	if err == nil && v == nil {
		err = ErrSession
	}
	return v, stale, err
}

// load reads viewers with their roles, whose rows are adjacent, and for each whether the
// last use is due to be written. If the address must now sign in through a provider, a
// session that did not begin there has ended.
func (s *Service) load(ctx context.Context, found func(v *viewer.Viewer, stale bool), query string,
	args ...any) (err error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var v *viewer.Viewer
	for rows.Next() {
		var stale bool
		var next viewer.Viewer
		var role, emailKey *string
		var provider string
		var before bool
		var organizationID, districtID *int
		if err := rows.Scan(&next.SessionID, &stale, &emailKey, &provider, &before, &next.EducatorID, &next.DistrictID,
			&role, &organizationID, &districtID); err != nil {
			return err
		}
		if s.begunElsewhere(emailKey, provider) {
			continue
		}
		if v == nil || v.SessionID != next.SessionID {
			v = &next
			found(v, stale)
		}
		if before {
			v.BeforeSecondFactor, v.Assignments = true, nil
		}
		if role != nil && !v.BeforeSecondFactor {
			v.Assignments = append(v.Assignments,
				viewer.Assignment{Role: viewer.Role(*role), OrganizationID: *organizationID, DistrictID: *districtID})
		}
	}
	return rows.Err()
}
