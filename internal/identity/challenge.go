package identity

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// challengeLifetime is how long a step may take.
const challengeLifetime = 5 * time.Minute

var errChallenge = fault.Conflictf(
	"this step is finished, took too long, or belongs to another sign-in; begin again").
	WithCode("CHALLENGE_ENDED").At("challenge")

// state is what a challenge remembers from its start to its end.
type state struct {
	// Password identifies the password that was right, to notice if it changes.
	Password string `json:"password,omitempty"`
	// Provider is where the person came from, if it was a provider.
	Provider string `json:"provider,omitempty"`
	// Taken is what the sign-in attempt has taken from each limit, by the limit's mark, in
	// milliseconds.
	Taken map[string]int64 `json:"taken,omitempty"`
	// Ceremony is what a passkey is asked to sign.
	Ceremony []byte `json:"ceremony,omitempty"`
	// Secret is the secret of an authenticator app that is being set up.
	Secret string `json:"secret,omitempty"`
}

// takes notes what an attempt has taken.
func (st *state) takes(buckets []bucket) {
	st.Taken = map[string]int64{}
	for _, b := range buckets {
		st.Taken[b.mark] = b.rate.every.Milliseconds()
	}
}

// taken is what a successful attempt gives back. The order is always the same, so that
// attempts wait for each other without a deadlock.
func (st *state) taken() (buckets []bucket) {
	for _, m := range slices.Sorted(maps.Keys(st.Taken)) {
		buckets = append(buckets, bucket{mark: m, rate: rate{every: time.Duration(st.Taken[m]) * time.Millisecond}})
	}
	return buckets
}

// Challenge is a step that a client has to finish.
type Challenge struct {
	Token     string
	ExpiresAt time.Time
}

// pose starts a step. The owner, and the session that may finish it, are nil if nobody has
// signed in.
func (s *Service) pose(ctx context.Context, client *db.Client, purpose factorchallenge.Purpose, educatorID,
	sessionID *int, st state) (c Challenge, err error) {
	if s.factors.Seal == nil {
		return c, errNoFactors
	}
	text, err := json.Marshal(st)
	if err != nil {
		return c, err
	}
	now := s.instant()
	c = Challenge{Token: newSecret(), ExpiresAt: now.Add(challengeLifetime)}
	return c, client.FactorChallenge.Create().SetPurpose(purpose).SetNillableEducatorID(educatorID).
		SetNillableSessionID(sessionID).
		SetTokenHash(hashToken(c.Token)).SetState(s.factors.Seal.Seal(nil, nil, text, challengeBinding(purpose))).
		SetCreatedAt(now).SetExpiresAt(c.ExpiresAt).Exec(ctx)
}

// posed returns the step of a token, or errChallenge.
func (s *Service) posed(ctx context.Context, client *db.Client, token string,
	purpose factorchallenge.Purpose) (*db.FactorChallenge, error) {
	if len(token) > maxTyped {
		return nil, errChallenge
	}
	c, err := client.FactorChallenge.Query().
		Where(factorchallenge.TokenHash(hashToken(token)), factorchallenge.PurposeEQ(purpose),
			factorchallenge.ExpiresAtGT(s.instant())).Only(ctx)
	if err != nil {
		return nil, orElse(ignoreNotFound(err), errChallenge)
	}
	return c, nil
}

// takeChallenge uses up a step and returns what it remembers. Of several calls at the same
// time, on any server, one succeeds; if its transaction fails, none has.
func (s *Service) takeChallenge(ctx context.Context, client *db.Client, token string, purpose factorchallenge.Purpose,
	own *db.Session) (st state, err error) {
	c, err := s.posed(ctx, client, token, purpose)
	if err != nil {
		return st, err
	}
	if own != nil && (c.SessionID == nil || *c.SessionID != own.ID) {
		return st, errChallenge
	}
	n, err := client.FactorChallenge.Delete().Where(factorchallenge.ID(c.ID)).Exec(ctx)
	if err != nil || n != 1 {
		return st, orElse(err, errChallenge)
	}
	if s.factors.Seal == nil {
		return st, errNoFactors
	}
	text, err := s.factors.Seal.Open(nil, nil, c.State, challengeBinding(purpose))
	if err != nil {
		return st, errChallenge.Because(errors.New("the step is encrypted with another key"))
	}
	return st, json.Unmarshal(text, &st)
}

func challengeBinding(purpose factorchallenge.Purpose) []byte {
	return []byte("challenge " + string(purpose))
}

// ask asks for a signature by a passkey of an account, besides something else that was
// shown.
func (s *Service) ask(ctx context.Context, client *db.Client, e *db.Educator) (factor.Ceremony, error) {
	owner, err := ownerOf(ctx, client, e)
	if err != nil {
		return factor.Ceremony{}, err
	}
	return s.factors.Site.Ask(owner)
}
