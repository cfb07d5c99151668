package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// A device is a browser in which somebody has signed in to an account before. It
// keeps a token that says so, and with it gets a limit of its own: a whole school may
// lie behind one address, where a pupil who guesses a teacher's password would fill
// the limits that account and network have together. The token opens nothing.
//
// It is sealed and stands in no table, so that nobody fills one by signing in.

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

// device returns the token of the browser for an account, or nothing.
func (s *Service) device(ctx context.Context, account string) string {
	for _, token := range tokensOf(ctx) {
		if s.isDevice(token, account) {
			return token
		}
	}
	return ""
}

func (s *Service) isDevice(token, account string) bool {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || s.factors.Seal == nil {
		return false
	}
	text, err := s.factors.Seal.Open(nil, nil, sealed, deviceBinding)
	of := digestOf(account)
	if err != nil || len(text) != len(of)+8 || string(text[:len(of)]) != string(of) {
		return false
	}
	return s.now().Before(time.Unix(int64(binary.BigEndian.Uint64(text[len(of):])), 0))
}

// devices returns what the browser of a request keeps from now on: a new token for
// the account that has been signed in to, and those for others.
func (s *Service) devices(ctx context.Context, account string) string {
	if s.factors.Seal == nil {
		return ""
	}
	text := binary.BigEndian.AppendUint64(digestOf(account), uint64(s.now().Add(KnownFor).Unix()))
	tokens := []string{base64.RawURLEncoding.EncodeToString(s.factors.Seal.Seal(nil, nil, text, deviceBinding))}
	for _, token := range tokensOf(ctx) {
		if !s.isDevice(token, account) && len(tokens) < maxDevices {
			tokens = append(tokens, token)
		}
	}
	return strings.Join(tokens, ".")
}

// digestOf names an account in a token.
func digestOf(account string) []byte {
	sum := sha256.Sum256([]byte(account))
	return sum[:16]
}
