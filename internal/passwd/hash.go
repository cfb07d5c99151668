// Package passwd decides which passwords educators may use, and hashes passwords.
//
// Check refuses passwords that attackers guess first: the most common passwords, however
// their letters are written, patterns of a keyboard, and words about the owner. A Hasher
// stores the others as argon2id hashes. It computes few at a time, so that signing in
// cannot take all memory and all cores.
package passwd

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fault"
)

// Cost is how much work one argon2id hash is.
type Cost struct {
	// Memory in KiB.
	Memory uint32
	Time   uint32
}

// DefaultCost is the minimum that OWASP recommends for argon2id (Password Storage Cheat
// Sheet): 19 MiB, two passes, one lane. A hash takes about 40 ms.
var DefaultCost = Cost{Memory: 19 * 1024, Time: 2}

const (
	saltLength = 16
	hashLength = 32
)

// maxPerSlot is how many passwords may wait for each core. At the default cost that is a
// queue of some seconds. It is better to refuse the next person at once than to answer
// after the browser has given up.
const maxPerSlot = 64

// Hasher hashes passwords, at most one on each core, so that many sign-ins or an import
// cannot take all memory and all cores.
type Hasher struct {
	cost  Cost
	slots chan struct{}
	// verifying counts callers that verify or wait to. Hashing does not count: only
	// imports, one after the other, and people who have signed in need it.
	verifying atomic.Int64
	// took is how long the last hash took, in nanoseconds.
	took atomic.Int64
	// decoy is verified if there is no account, so that an unknown address takes as long as
	// a wrong password.
	decoy string
}

// NewHasher returns a hasher. Tests give it a small cost.
func NewHasher(cost Cost) *Hasher {
	h := &Hasher{cost: cost, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
	h.decoy = h.encode("decoy", make([]byte, saltLength))
	return h
}

// Hash returns the PHC string of a password with a new salt.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	return h.encode(composed(password), salt), nil
}

// ErrBusy refuses somebody if too many are waiting.
var ErrBusy = fault.Unavailablef("too many people are signing in at the moment; try again in a few seconds").After(5)

// Verify reports whether a password matches a PHC string. For an empty string it takes the
// same time and returns false. It returns fault.Unavailable if too many are waiting.
func (h *Hasher) Verify(ctx context.Context, password, encoded string) (bool, error) {
	defer h.verifying.Add(-1)
	if h.verifying.Add(1) > int64(maxPerSlot*cap(h.slots)) {
		return false, ErrBusy
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	known := encoded != ""
	if !known {
		encoded = h.decoy
	}
	cost, salt, want, err := decode(encoded)
	if err != nil {
		return false, err
	}
	began := time.Now()
	got := argon2.IDKey([]byte(composed(password)), salt, cost.Time, cost.Memory, 1, uint32(len(want)))
	h.took.Store(int64(time.Since(began)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// Pretend takes as long as verifying a password, without the work. It is for attempts
// beyond the limits.
func (h *Hasher) Pretend(ctx context.Context) {
	timer := time.NewTimer(time.Duration(h.took.Load()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) leave() { <-h.slots }

// composed returns the form in which a password is hashed (NFC, as in RFC 8265): a
// keyboard may send é as one character or as two.
func composed(password string) string { return norm.NFC.String(password) }

func (h *Hasher) encode(password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, h.cost.Time, h.cost.Memory, 1, hashLength)
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, h.cost.Memory, h.cost.Time,
		b.EncodeToString(salt), b.EncodeToString(key))
}

var errHash = errors.New("passwd: the stored password hash is damaged")

func decode(encoded string) (cost Cost, salt, key []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return Cost{}, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &cost.Memory, &cost.Time); err != nil {
		return Cost{}, nil, nil, errHash
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(key) == 0 {
		return Cost{}, nil, nil, errHash
	}
	return cost, salt, key, nil
}
