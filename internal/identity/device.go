package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// A device is a browser that has signed in to an account before. It keeps a token that
// says so, and gets a rate limit of its own. A whole school may share one network address,
// where a student who guesses a teacher's password would otherwise exhaust the limits that
// account and network share. The token does not open the account.
//
// The token is encrypted and is in no table, so signing in does not fill one. It becomes
// invalid when the password changes. Otherwise somebody who once knew a password, and kept
// a hundred tokens from it, could guess the next one a hundred times as fast as anybody
// else.

// maxDevices is how many accounts a browser remembers, the latest first.
const maxDevices = 8

var deviceBinding = []byte("device")

type devicesKey struct{}

// WithDevices returns a context for a request from a browser that has kept Session.Devices
// from an earlier sign-in.
func WithDevices(ctx context.Context, kept string) context.Context {
	return context.WithValue(ctx, devicesKey{}, kept)
}

// tokensOf returns the tokens that the browser of a request has kept.
func tokensOf(ctx context.Context) []string {
	kept, _ := ctx.Value(devicesKey{}).(string)
	if kept == "" || len(kept) > maxTyped {
		return nil
	}
	tokens := strings.Split(kept, ".")
	return tokens[:min(len(tokens), maxDevices)]
}

// device returns the browser's token for an account, or for any account if id is 0; empty
// if there is none.
func (s *Service) device(ctx context.Context, account string) string {
	for _, token := range tokensOf(ctx) {
		if kept, good := s.openDevice(token); good && (account == "" || kept.account == digestOf(account)) {
			return token
		}
	}
	return ""
}

// deviceWith is device for a browser that has signed in with the current password, which
// is given by its hash.
func (s *Service) deviceWith(ctx context.Context, account, passwordHash string) string {
	for _, token := range tokensOf(ctx) {
		if kept, good := s.openDevice(token); good && kept.account == digestOf(account) &&
			kept.password == digestOf(passwordHash) {
			return token
		}
	}
	return ""
}

// takeInNetwork takes from the bucket of the network. If that is full, it takes from a
// bucket of the browser instead: one that is known for the account or, if there is none
// yet, for any account. It returns what it has taken.
func (s *Service) takeInNetwork(system context.Context, account, tooMany string) ([]bucket, error) {
	// Wrong passwords have another limit, so that somebody who guesses does not make
	// people in the same network wait for a link or a passkey.
	taken := []bucket{{mark("network of what begins", viewer.OriginOf(system).Network()), networkRate}}
	err := s.take(system, taken, tooMany)
	if !isLimit(err) {
		return taken, err
	}
	device := s.device(system, account)
	if device == "" {
		return nil, err
	}
	taken[0] = bucket{mark("network of a device", device), spareRate}
	return taken, s.take(system, taken, tooMany)
}

// keptDevice is the content of a token.
type keptDevice struct{ account, password [digestSize]byte }

// openDevice reads a token, and reports whether it is valid.
func (s *Service) openDevice(token string) (kept keptDevice, good bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || s.factors.Seal == nil {
		return kept, false
	}
	// Accept only the current secret key: others may know an old one, and could make as
	// many known browsers as they like.
	if s.factors.Seal.KeyOf(sealed, deviceBinding) != 0 {
		return kept, false
	}
	text, err := s.factors.Seal.Open(nil, nil, sealed, deviceBinding)
	if err != nil || len(text) != 2*digestSize+8 {
		return kept, false
	}
	rest := text[copy(kept.account[:], text):]
	rest = rest[copy(kept.password[:], rest):]
	return kept, s.now().Before(time.Unix(int64(binary.BigEndian.Uint64(rest)), 0))
}

// devices returns what the browser of a request must keep from now on: a new token for the
// account that has signed in, and its tokens for other accounts.
func (s *Service) devices(ctx context.Context, account, passwordHash string) string {
	if s.factors.Seal == nil {
		return ""
	}
	own, password := digestOf(fold.Address(account)), digestOf(passwordHash)
	text := append(own[:], password[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(s.now().Add(KnownFor).Unix()))
	tokens := []string{base64.RawURLEncoding.EncodeToString(s.factors.Seal.Seal(nil, nil, text, deviceBinding))}
	for _, token := range tokensOf(ctx) {
		if kept, good := s.openDevice(token); good && kept.account != own && len(tokens) < maxDevices {
			tokens = append(tokens, token)
		}
	}
	return strings.Join(tokens, ".")
}

const digestSize = 16

// digestOf identifies an account, or a password by its hash, in a token.
func digestOf(text string) [digestSize]byte {
	sum := sha256.Sum256([]byte(text))
	return [digestSize]byte(sum[:digestSize])
}
