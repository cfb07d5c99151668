package identity

import (
	"context"
	"testing"
)

// Occupy takes all slots of a hasher until it is released.
func (h *Hasher) Occupy(t *testing.T) (release func()) {
	t.Helper()
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	return func() {
		for range cap(h.slots) {
			<-h.slots
		}
	}
}

// MaxVerifying is how many may verify or wait.
func MaxVerifying(h *Hasher) int { return maxPerSlot * cap(h.slots) }

// SealTOTP is the secret of an educator's app as a server stores it.
func SealTOTP(s *Service, educatorID int, secret string) []byte {
	return s.factors.Seal.Seal(nil, nil, []byte(secret), totpBinding(educatorID))
}

// Deliver sends the mails that are waiting, one after the other.
func Deliver(ctx context.Context, s *Service) {
	for {
		select {
		case d := <-s.outbox:
			s.deliver(ctx, d)
		default:
			return
		}
	}
}
