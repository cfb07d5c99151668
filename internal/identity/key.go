package identity

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// KeyPrefix begins every service key, so that people, and scanners for leaked secrets,
// recognize one.
const KeyPrefix = "hrk_"

const (
	// shownOfKey is how many characters of a key are kept to recognize it: the prefix and
	// six of 43 random ones.
	shownOfKey = len(KeyPrefix) + 6
	// maxKeys is how many valid keys a district may have. The administrators of its schools
	// create no more than maxKeysOfSchools, and maxKeysOfSchool for a school, so that the
	// rest is left to those of the district.
	maxKeys, maxKeysOfSchools, maxKeysOfSchool = 200, 150, 20
	// maxKeyAge is how far in the future a key may expire. A key that nobody renews is a
	// key that nobody remembers.
	maxKeyAge = 2 * 366 * 24 * time.Hour
)

// NewKey is the input of CreateKey.
type NewKey struct {
	Name           string
	OrganizationID int
	Scopes         []viewer.Scope
	ExpiresAt      time.Time
}

// CreateKey creates a service key and returns it with its secret, which is shown only this
// once. It is for administrators of the organization and for the operator. An organization
// that the viewer does not see is fault.NotFound, one that the viewer does not administer
// is fault.Forbidden.
func (s *Service) CreateKey(ctx context.Context, in NewKey) (_ *db.ServiceKey, secret string, err error) {
	o, err := s.administered(ctx, in.OrganizationID, "only administrators can make service keys of an organization")
	if err != nil {
		return nil, "", err
	}
	if in, err = s.checkKey(in); err != nil {
		return nil, "", err
	}
	secret = KeyPrefix + newSecret()
	scopes := make([]string, len(in.Scopes))
	for i, scope := range in.Scopes {
		scopes[i] = string(scope)
	}
	var key *db.ServiceKey
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := s.mayHaveKey(ctx, client, o); err != nil {
			return err
		}
		create := client.ServiceKey.Create().SetDistrictID(o.DistrictID).SetOrganizationID(o.ID).SetName(in.Name).
			SetScopes(scopes).SetKeyHash(hashToken(secret)).SetBeginning(secret[:shownOfKey]).
			SetCreatedAt(s.instant()).SetExpiresAt(in.ExpiresAt)
		if v := viewer.FromContext(ctx); !v.IsSystem() {
			create.SetCreatedBy(v.EducatorID)
		}
		if slices.Contains(in.Scopes, viewer.RosterImport) {
			agent, err := newAgent(ctx, client, o, in.Name, secret[len(KeyPrefix):shownOfKey])
			if err != nil {
				return err
			}
			create.SetAgentID(agent)
		}
		if key, err = create.Save(ctx); err != nil {
			return err
		}
		e := keyEvent(audit.KeyCreated, key)
		e.Changes.New("name", key.Name)
		e.Changes.New("scopes", strings.Join(key.Scopes, " "))
		e.Changes.New("expiresAt", key.ExpiresAt.Format(time.RFC3339))
		audit.Record(ctx, e)
		return nil
	})
	return key, secret, err
}

// mayHaveKey limits the valid keys of a district and, because each key leaves a row and an
// account, how fast people create them. A school is limited first, and what all schools
// create leaves a part to the administrators of the district. Only one key of a district
// is created at a time.
func (s *Service) mayHaveKey(ctx context.Context, client *db.Client, o *db.Organization) error {
	system := viewer.AsSystem(ctx, "how many service keys a district has")
	district, v := strconv.Itoa(o.DistrictID), viewer.FromContext(ctx)
	ofSchool := !v.IsSystem() && !v.Administers(o.DistrictID, o.DistrictID)
	buckets := []bucket{{mark("turn to make a key", district), anyRate}}
	switch {
	case ofSchool:
		buckets = append(buckets, bucket{mark("keys of schools", district), keyRate},
			bucket{mark("keys of a school", strconv.Itoa(o.ID)), schoolKeyRate})
	case !v.IsSystem():
		buckets = append(buckets, bucket{mark("keys of a district", district), keyRate})
	}
	for _, b := range buckets {
		wait, err := s.takeOne(system, client, b)
		if err == nil && wait > 0 {
			err = tooOften("too many service keys have been made", wait)
		}
		if err != nil {
			return err
		}
	}
	valid := client.ServiceKey.Query().Where(servicekey.DistrictID(o.DistrictID), servicekey.RevokedAtIsNil(),
		servicekey.ExpiresAtGT(s.instant()))
	most := maxKeys
	if ofSchool {
		most = maxKeysOfSchools
		n, err := valid.Clone().Where(servicekey.OrganizationID(o.ID)).Count(system)
		if err != nil || n >= maxKeysOfSchool {
			return orElse(err, tooManyKeys("school", n))
		}
	}
	n, err := valid.Count(system)
	if err == nil && n >= most {
		err = tooManyKeys("district", n)
	}
	return err
}

func tooManyKeys(of string, n int) error {
	return fault.Conflictf("the %s has %d service keys, which is as many as its administrators may make; revoke those "+
		"that no program uses any more", of, n).WithCode("TOO_MANY_KEYS")
}

// administered returns an organization that the viewer administers.
func (s *Service) administered(ctx context.Context, id int, otherwise string) (*db.Organization, error) {
	o, err := s.db.Client(ctx).Organization.Query().Where(organization.ID(id)).Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, fault.NotFoundf("the organization does not exist").At("organizationId")
	case err != nil:
		return nil, err
	case !viewer.FromContext(ctx).Administers(o.ID, o.DistrictID):
		return nil, fault.Forbiddenf("%s", otherwise).At("organizationId")
	default:
		return o, nil
	}
}

func (s *Service) checkKey(in NewKey) (NewKey, error) {
	in.Name = roster.Clean(in.Name)
	if err := roster.CheckName(in.Name, "name of the key", roster.MaxName); err != nil {
		return in, err.At("name")
	}
	if len(in.Scopes) == 0 {
		return in, fault.Invalidf("the key needs a scope, which says what it may do").WithCode("REQUIRED").At("scopes")
	}
	for i, scope := range in.Scopes {
		if !slices.Contains(viewer.Scopes(), scope) {
			return in, fault.Invalidf("%s is not a scope; write USAGE_WRITE or ROSTER_IMPORT", quote.Text(scope)).At("scopes", i)
		}
	}
	in.Scopes = slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	in.ExpiresAt = database.Instant(in.ExpiresAt)
	switch now := s.now(); {
	case !in.ExpiresAt.After(now):
		return in, fault.Invalidf("this time has already passed; choose a later one").WithCode("BAD_EXPIRY").At("expiresAt")
	case in.ExpiresAt.After(now.Add(maxKeyAge)):
		return in, fault.Invalidf("a key can be valid for at most two years; make a new one before it expires").
			WithCode("BAD_EXPIRY").At("expiresAt")
	}
	return in, nil
}

// newAgent creates the account under whose name a key imports. It has a role, but no
// address and no password, and is marked as belonging to nobody.
func newAgent(ctx context.Context, client *db.Client, o *db.Organization, name, suffix string) (int, error) {
	// The caller has checked that the viewer may create the key. That does not always
	// include giving a role.
	system := viewer.AsSystem(ctx, "account in whose name a service key imports")
	agent, err := client.Educator.Create().SetDistrictID(o.DistrictID).SetService(1).
		SetExternalID(agentID + suffix).
		SetFirstName("Service key").SetLastName(name).SetSortName(fold.SortName(name, "Service key")).Save(system)
	if err != nil {
		return 0, err
	}
	role := roleassignment.RoleSCHOOL_ADMIN
	if o.Type == organization.TypeDISTRICT {
		role = roleassignment.RoleDISTRICT_ADMIN
	}
	return agent.ID, client.RoleAssignment.Create().SetEducatorID(agent.ID).SetOrganizationID(o.ID).
		SetDistrictID(o.DistrictID).SetRole(role).Exec(system)
}

// Keys returns the service keys of an organization, including those that have ended; for a
// district also those of its schools. The newest come first. It refuses in the same way as
// CreateKey.
func (s *Service) Keys(ctx context.Context, organizationID int) ([]*db.ServiceKey, error) {
	o, err := s.administered(ctx, organizationID, "only administrators can see the service keys of an organization")
	if err != nil {
		return nil, err
	}
	q := s.db.Client(ctx).ServiceKey.Query().Order(servicekey.ByID(sql.OrderDesc()))
	if o.Type == organization.TypeDISTRICT {
		q.Where(servicekey.DistrictID(o.ID))
	} else {
		q.Where(servicekey.OrganizationID(o.ID))
	}
	return q.All(ctx)
}

// RevokeKey ends a service key at once, together with the jobs that it has submitted.
// Revoking it again changes nothing. A key that the viewer does not administer is
// fault.NotFound.
func (s *Service) RevokeKey(ctx context.Context, id int) (key *db.ServiceKey, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		key, err = client.ServiceKey.Query().Where(servicekey.ID(id)).Only(ctx)
		if db.IsNotFound(err) {
			return fault.NotFoundf("there is no such service key among those you may see").At("id")
		}
		if err != nil || key.RevokedAt != nil {
			return err
		}
		if key, err = key.Update().SetRevokedAt(s.instant()).Save(ctx); err != nil {
			return err
		}
		audit.Record(ctx, keyEvent(audit.KeyRevoked, key))
		if key.AgentID == nil {
			return nil
		}
		return client.Educator.Update().Where(educator.ID(*key.AgentID)).SetDisabled(1).
			Exec(viewer.AsSystem(ctx, "account in whose name a service key imports"))
	})
	return key, err
}

// errKey is the error for a key that opens nothing.
var errKey = fault.Unauthenticatedf("the service key is unknown, expired or revoked, or the person who made it no " +
	"longer administers its organization")

// authenticateKey returns the viewer of a service key with one statement, plus a second
// one once a minute.
func (s *Service) authenticateKey(ctx context.Context, secret string, isUse bool) (*viewer.Viewer, error) {
	const query = "SELECT id, organization_id, district_id, COALESCE(agent_id, 0), scopes, " +
		"CASE WHEN last_used_at IS NULL OR last_used_at <= ? THEN 1 ELSE 0 END FROM service_keys " +
		"WHERE key_hash = ? AND revoked_at IS NULL AND expires_at > ? AND " + credential.KeyStands
	now := s.instant()
	due := now.Add(-useIsWrittenEvery)
	k, stale, err := s.loadKey(ctx, query, due, hashToken(secret), now)
	if err != nil {
		return nil, err
	}
	if stale && isUse {
		s.writeUse(ctx, func(ctx context.Context, client *db.Client) error {
			return client.ServiceKey.Update().SetLastUsedAt(now).
				Where(servicekey.ID(k.ID), servicekey.Or(servicekey.LastUsedAtIsNil(), servicekey.LastUsedAtLTE(due))).Exec(ctx)
		})
	}
	return &viewer.Viewer{Key: k}, nil
}

// KeyViewer returns the viewer of a service key by its ID, for what the server does later
// on behalf of the program. A key that has expired or was revoked has none, nor has one
// whose maker may not make it any more.
func (s *Service) KeyViewer(ctx context.Context, id int) (*viewer.Viewer, error) {
	found, err := s.StandingKeys(ctx, []int{id})
	if err == nil && found[id] == nil {
		err = errKey
	}
	return found[id], err
}

func (s *Service) loadKey(ctx context.Context, query string, args ...any) (k *viewer.Key, stale bool, err error) {
	err = s.loadKeys(ctx, func(each *viewer.Key, due bool) { k, stale = each, due }, query, args...)
	if err == nil && k == nil {
		err = errKey
	}
	return k, stale, err
}

// loadKeys reads service keys, and for each whether its last use is due to be written.
func (s *Service) loadKeys(ctx context.Context, found func(k *viewer.Key, stale bool), query string,
	args ...any) (err error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		k, stale := &viewer.Key{}, false
		var scopes []byte
		if err := rows.Scan(&k.ID, &k.OrganizationID, &k.DistrictID, &k.AgentID, &scopes, &stale); err != nil {
			return err
		}
		if err := json.Unmarshal(scopes, &k.Scopes); err != nil {
			return err
		}
		found(k, stale)
	}
	return rows.Err()
}

// ParseScope reads the name of a scope in the form that people write: usage-write.
func ParseScope(text string) (viewer.Scope, bool) {
	scope := viewer.Scope(strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(text), "-", "_")))
	return scope, slices.Contains(viewer.Scopes(), scope)
}
