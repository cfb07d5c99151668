package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// A device is a browser in which somebody has signed in to an account before. It
// keeps a token that says so, and with it gets a limit of its own: a whole school may
// lie behind one address, where a pupil who guesses a teacher's password would fill
// the limits that account and network have together. The token opens nothing.
//
// It is sealed and stands in no table, so that nobody fills one by signing in. It ends
// with the password: each sign-in gives another token, so that somebody who knew a
// password once, and kept a hundred of them, would guess the next one a hundred times as
// fast as everybody else.

// maxDevices is how many accounts a browser is known for, the latest first.
const maxDevices = 8

var deviceBinding = []byte("device")

type devicesKey struct{}

// WithDevices returns a context of a request whose browser has kept what Session.Devices
// was after an earlier sign-in.
func WithDevices(ctx context.Context, kept string) context.Context {
	return context.WithValue(ctx, devicesKey{}, kept)
}

// tokensOf are the tokens that the browser of a request has kept.
func tokensOf(ctx context.Context) []string {
	kept, _ := ctx.Value(devicesKey{}).(string)
	if kept == "" || len(kept) > maxTyped {
		return nil
	}
	tokens := strings.Split(kept, ".")
	return tokens[:min(len(tokens), maxDevices)]
}

// device returns the token of the browser for an account, or nothing; for any account
// where it is empty.
func (s *Service) device(ctx context.Context, account string) string {
	for _, token := range tokensOf(ctx) {
		if kept, good := s.openDevice(token); good && (account == "" || kept.account == digestOf(account)) {
			return token
		}
	}
	return ""
}

// deviceWith is device for a browser in which the password has been the right one that
// is right now, by its hash.
func (s *Service) deviceWith(ctx context.Context, account, passwordHash string) string {
	for _, token := range tokensOf(ctx) {
		if kept, good := s.openDevice(token); good && kept.account == digestOf(account) &&
			kept.password == digestOf(passwordHash) {
			return token
		}
	}
	return ""
}

// takeInNetwork takes from the bucket of the network and some others, or, where that is
// full, from one of the browser instead: of one that is known for the account, or, where
// there is none yet, for any. It returns what it has taken.
func (s *Service) takeInNetwork(system context.Context, account, tooMany string, others ...bucket) ([]bucket, error) {
	taken := append([]bucket{{mark("network", viewer.OriginOf(system).Network()), networkRate}}, others...)
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

// keptDevice is what stands in a token.
type keptDevice struct{ account, password [digestSize]byte }

// openDevice reads a token, and reports whether it is a good one.
func (s *Service) openDevice(token string) (kept keptDevice, good bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || s.factors.Seal == nil {
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

// devices returns what the browser of a request keeps from now on: a new token for
// the account that has been signed in to, and those for others.
func (s *Service) devices(ctx context.Context, account, passwordHash string) string {
	if s.factors.Seal == nil {
		return ""
	}
	own, password := digestOf(account), digestOf(passwordHash)
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

// digestOf names an account, or a password by its hash, in a token.
func digestOf(text string) [digestSize]byte {
	sum := sha256.Sum256([]byte(text))
	return [digestSize]byte(sum[:digestSize])
}
