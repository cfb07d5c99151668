package identity

import (
	"context"
	"maps"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Method is a second factor, named as in the API.
type Method string

// The methods.
const (
	TOTP         Method = "TOTP"
	Passkey      Method = "PASSKEY"
	RecoveryCode Method = "RECOVERY_CODE"
)

// Factors is what a Service needs for second factors.
type Factors struct {
	// Seal encrypts secrets in the database. Without it nobody can set up a factor, and
	// nobody with a factor can sign in.
	Seal *seal.Reader
	// Site is where passkeys belong. It is nil if the server's address has no domain name.
	Site *factor.Site
}

// SecondFactors are the viewer's factors.
type SecondFactors struct {
	// Required is true if one of the person's organizations requires a factor.
	Required bool
	// TOTP is nil if no authenticator app is set up.
	TOTP          *db.TotpSecret
	Passkeys      []*db.Passkey
	RecoveryCodes int
	// ProvedUntil is how long the person need not prove their identity again; nil if that
	// time is over.
	ProvedUntil *time.Time
}

var (
	errNoFactors = fault.Unavailablef("this server has no key for second factors; tell the person who runs it")
	errOtherKey  = fault.Unavailablef(
		"this server does not have the key that your authenticator app needs; try again soon, " +
			"or use a passkey or a recovery code").After(60)
	errNoFactor = fault.Conflictf("this second factor does not exist").WithCode("NO_SECOND_FACTOR")
	errLast     = fault.Conflictf("you need a second factor, and this is your only one; set up another one first").
			WithCode("SECOND_FACTOR_REQUIRED")
)

// SecondFactors returns the viewer's factors.
func (s *Service) SecondFactors(ctx context.Context) (f SecondFactors, err error) {
	v := viewer.FromContext(ctx)
	system, client := viewer.AsSystem(ctx, "the viewer's own second factors"), s.db.Client(ctx)
	if f.Required, err = s.mustHaveFactor(system, v.EducatorID); err != nil {
		return f, err
	}
	if f.TOTP, err = client.TotpSecret.Query().Where(totpsecret.EducatorID(v.EducatorID)).
		Only(system); ignoreNotFound(err) != nil {
		return f, err
	}
	if f.Passkeys, err = client.Passkey.Query().Where(passkey.EducatorID(v.EducatorID)).Order(passkey.ByID()).
		All(system); err != nil {
		return f, err
	}
	if f.RecoveryCodes, err = client.RecoveryCode.Query().Where(recoverycode.EducatorID(v.EducatorID)).
		Count(system); err != nil {
		return f, err
	}
	own, err := client.Session.Query().Where(session.ID(v.SessionID), session.EducatorID(v.EducatorID)).Only(system)
	if err == nil && own.ProvedAt != nil {
		if until := own.ProvedAt.Add(proofLifetime); until.After(s.now()) {
			f.ProvedUntil = &until
		}
	}
	return f, ignoreNotFound(err)
}

// needsFactor is an SQL expression for an educator e with a role r at an organization o of
// a district d: whether the educator must have a second factor because of the role, or
// because of a class that the educator teaches anywhere. A school without its own setting
// inherits that of its district, as in package setting.
const needsFactor = "(COALESCE(o.second_factor_required, d.second_factor_required) = 'ALL' OR " +
	"COALESCE(o.second_factor_required, d.second_factor_required) = 'ADMINISTRATORS' AND r.role <> 'TEACHER' OR " +
	"EXISTS (SELECT 1 FROM group_educators t JOIN `groups` g ON g.id = t.group_id " +
	"JOIN organizations a ON a.id = g.organization_id JOIN organizations b ON b.id = g.district_id " +
	"WHERE t.educator_id = e.id AND COALESCE(a.second_factor_required, b.second_factor_required) = 'ALL'))"

// rolesAndOrganizations joins the tables of needsFactor to educators e.
const rolesAndOrganizations = "LEFT JOIN role_assignments r ON r.educator_id = e.id " +
	"LEFT JOIN organizations o ON o.id = r.organization_id LEFT JOIN organizations d ON d.id = r.district_id "

// mustHaveFactor reports whether one of the account's organizations requires a factor.
func (s *Service) mustHaveFactor(ctx context.Context, educatorID int) (bool, error) {
	rows, err := s.db.Query(ctx,
		"SELECT COUNT(*) FROM educators e "+rolesAndOrganizations+"WHERE e.id = ? AND "+needsFactor, educatorID)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return false, err
		}
	}
	return n > 0, rows.Err()
}

// methodsOf returns the factors of an account. Recovery codes alone are no factor.
func methodsOf(ctx context.Context, client *db.Client, educatorID int) (methods []Method, err error) {
	app, err := client.TotpSecret.Query().Where(totpsecret.EducatorID(educatorID)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := client.Passkey.Query().Where(passkey.EducatorID(educatorID)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if app {
		methods = append(methods, TOTP)
	}
	if keys {
		methods = append(methods, Passkey)
	}
	if len(methods) == 0 {
		return nil, nil
	}
	codes, err := client.RecoveryCode.Query().Where(recoverycode.EducatorID(educatorID)).Exist(ctx)
	if codes {
		methods = append(methods, RecoveryCode)
	}
	return methods, err
}

// added does what a new factor entails. This session counts as having shown it; all other
// sessions end. The first factor comes with recovery codes, which are returned.
func (s *Service) added(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session, method Method,
	facts audit.Facts) (codes []string, err error) {
	if err := client.Session.UpdateOneID(own.ID).SetSecondFactor(1).SetProvedAt(s.instant()).Exec(ctx); err != nil {
		return nil, err
	}
	all := audit.Facts{"factor": string(method)}
	maps.Copy(all, facts)
	recordAbout(ctx, audit.SecondFactorAdded, e, all)
	if err := s.endOthers(ctx, client, own); err != nil {
		return nil, err
	}
	held, err := client.RecoveryCode.Query().Where(recoverycode.EducatorID(e.ID)).Exist(ctx)
	if err != nil || held {
		return nil, err
	}
	return s.makeRecoveryCodes(ctx, client, e)
}

// removed does what the removal of a factor entails. The last factor takes the recovery
// codes with it, and cannot be removed if the person must have one.
func (s *Service) removed(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session, method Method,
	facts audit.Facts) error {
	left, err := methodsOf(ctx, client, e.ID)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		required, err := s.mustHaveFactor(ctx, e.ID)
		if err != nil || required {
			return orElse(err, errLast)
		}
		if _, err := client.RecoveryCode.Delete().Where(recoverycode.EducatorID(e.ID)).Exec(ctx); err != nil {
			return err
		}
		// The factor that this session has shown is gone, so it no longer counts if one is
		// required later. A provider that replaces a factor still counts.
		if s.ownFactors(e) == nil {
			if err := client.Session.UpdateOneID(own.ID).SetSecondFactor(0).Exec(ctx); err != nil {
				return err
			}
		}
	}
	all := audit.Facts{"factor": string(method)}
	maps.Copy(all, facts)
	recordAbout(ctx, audit.SecondFactorRemoved, e, all)
	return s.endOthers(ctx, client, own)
}

// endOthers ends the other sessions of an account, and the steps that are in progress.
func (s *Service) endOthers(ctx context.Context, client *db.Client, own *db.Session) error {
	if _, err := client.Session.Delete().Where(session.EducatorID(own.EducatorID), session.IDNEQ(own.ID)).
		Exec(ctx); err != nil {
		return err
	}
	_, err := client.FactorChallenge.Delete().Where(factorchallenge.EducatorID(own.EducatorID)).Exec(ctx)
	return err
}

// change changes the viewer's own factors. The account is locked, and the person must have
// proved their identity within the last minutes.
func (s *Service) change(ctx context.Context,
	what func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error) error {
	v := viewer.FromContext(ctx)
	return s.db.InTx(viewer.AsSystem(ctx, "the viewer's own second factors"),
		func(ctx context.Context, client *db.Client) error {
			e, err := s.lockEnabled(ctx, client, educator.ID(v.EducatorID))
			if err != nil || e == nil {
				return orElse(err, ErrSession)
			}
			own, err := s.fresh(ctx, client, v)
			if err != nil {
				return err
			}
			return what(ctx, client, e, own)
		})
}

// tell mails the owner of an account what has happened to it, if mail is configured.
func (s *Service) tell(ctx context.Context, educatorID int, what string) {
	if s.send == nil {
		return
	}
	e, err := s.db.Client(ctx).Educator.Get(viewer.AsSystem(ctx, "mail about the own account"), educatorID)
	if err == nil && e.EmailKey != nil {
		err = s.enqueue(delivery{email: e.Email, notice: what})
	}
	if err != nil {
		s.log.WarnContext(ctx, "mail what has happened to an account", "educator", educatorID, "error", err)
	}
}
