// Package identity signs educators in and out and turns a token into the viewer
// of a request.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/session"
	"homeroom/internal/database"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/viewer"
)

// maxPassword bounds what is hashed for a stranger.
const maxPassword = 1024

// Service signs in and out.
type Service struct {
	db       *database.DB
	hasher   *Hasher
	lifetime time.Duration
	now      func() time.Time
	log      *slog.Logger
}

// New returns a service whose sessions last for a lifetime.
func New(d *database.DB, hasher *Hasher, lifetime time.Duration, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: d, hasher: hasher, lifetime: lifetime, now: now, log: log}
}

// Session is a sign-in. The token is told once and stored as a hash.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Viewer    *viewer.Viewer
}

var errSignIn = fault.Invalidf("the address or the password is not right").WithCode("WRONG_CREDENTIALS")

// SignIn starts a session. A wrong password, an unknown address and a disabled
// account give the same error after the same work.
func (s *Service) SignIn(ctx context.Context, email, password string) (Session, error) {
	system := viewer.AsSystem(ctx, "sign-in")
	if len(password) > maxPassword {
		return Session{}, errSignIn
	}
	client := s.db.Client(ctx)
	var hash string
	account, err := client.Educator.Query().Where(educator.EmailKey(fold.Key(email))).Only(system)
	switch {
	case err == nil && account.Disabled == 0:
		hash = account.PasswordHash
	case err != nil && !db.IsNotFound(err):
		return Session{}, err
	}
	right, err := s.hasher.Verify(ctx, password, hash)
	if err != nil {
		return Session{}, err
	}
	if !right {
		return Session{}, errSignIn
	}
	return s.start(ctx, account.ID)
}

func (s *Service) start(ctx context.Context, educatorID int) (Session, error) {
	system := viewer.AsSystem(ctx, "sign-in")
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return Session{}, err
	}
	token := base64.RawURLEncoding.EncodeToString(secret)
	expires := s.now().Add(s.lifetime).UTC().Truncate(time.Microsecond)
	client := s.db.Client(ctx)
	if err := client.Session.Create().SetEducatorID(educatorID).SetTokenHash(hashToken(token)).SetExpiresAt(expires).Exec(system); err != nil {
		return Session{}, err
	}
	if _, err := client.Session.Delete().Where(session.EducatorID(educatorID), session.ExpiresAtLT(s.now())).Exec(system); err != nil {
		return Session{}, err
	}
	v, err := s.Authenticate(ctx, token)
	return Session{Token: token, ExpiresAt: expires, Viewer: v}, err
}

// SignOut ends the session of the viewer in ctx and reports whether there was one.
func (s *Service) SignOut(ctx context.Context) (bool, error) {
	v := viewer.FromContext(ctx)
	if v == nil || v.SessionID == 0 {
		return false, nil
	}
	n, err := s.db.Client(ctx).Session.Delete().Where(session.ID(v.SessionID)).Exec(viewer.AsSystem(ctx, "sign-out"))
	return n > 0, err
}

// ErrSession is given for a token that is not, or no longer, of a session.
var ErrSession = fault.Unauthenticatedf("the session has ended; sign in again")

// Authenticate returns the viewer of a token, with one statement.
func (s *Service) Authenticate(ctx context.Context, token string) (*viewer.Viewer, error) {
	const query = "SELECT s.id, e.id, e.district_id, r.role, r.organization_id, r.district_id " +
		"FROM sessions s JOIN educators e ON e.id = s.educator_id LEFT JOIN role_assignments r ON r.educator_id = e.id " +
		"WHERE s.token_hash = ? AND s.expires_at > ? AND e.disabled = 0 ORDER BY r.id"
	return s.load(ctx, query, hashToken(token), s.now().UTC())
}

// Viewer returns an educator as a viewer, for work that the server does later in
// the educator's name. A disabled account has no viewer.
func (s *Service) Viewer(ctx context.Context, educatorID int) (*viewer.Viewer, error) {
	const query = "SELECT 0, e.id, e.district_id, r.role, r.organization_id, r.district_id " +
		"FROM educators e LEFT JOIN role_assignments r ON r.educator_id = e.id WHERE e.id = ? AND e.disabled = 0 ORDER BY r.id"
	return s.load(ctx, query, educatorID)
}

func (s *Service) load(ctx context.Context, query string, args ...any) (_ *viewer.Viewer, err error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var v *viewer.Viewer
	for rows.Next() {
		if v == nil {
			v = &viewer.Viewer{}
		}
		var role *string
		var organizationID, districtID *int
		if err := rows.Scan(&v.SessionID, &v.EducatorID, &v.DistrictID, &role, &organizationID, &districtID); err != nil {
			return nil, err
		}
		if role != nil {
			v.Assignments = append(v.Assignments, viewer.Assignment{Role: viewer.Role(*role), OrganizationID: *organizationID, DistrictID: *districtID})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, ErrSession
	}
	return v, nil
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
