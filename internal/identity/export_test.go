package identity

import (
	"context"
)

// SealTOTP is the secret of an educator's app as a server stores it.
func SealTOTP(s *Service, educatorID int, secret string) []byte {
	return s.factors.Seal.Seal(nil, nil, []byte(secret), totpBinding(educatorID))
}

// Deliver sends the mails that are waiting, one after the other.
func Deliver(ctx context.Context, s *Service) {
	for {
		d, waits := s.outbox.take(orderOf(0)...)
		if !waits {
			return
		}
		s.deliver(ctx, d)
	}
}
