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

// FillOutbox has n invitations wait.
func FillOutbox(s *Service, n int) {
	for range n {
		s.outbox.put(delivery{email: "waiting@example.com"})
	}
}

// Asked is a link that a browser has asked for: for an address, from a network, with what the
// browser keeps.
type Asked struct{ Email, Network, Devices string }

// Wait has links wait in an outbox of their own, and returns which of them it has taken in,
// and which wait in the end.
func Wait(list []Asked) (taken []bool, waiting []Asked) {
	o := newOutbox()
	for _, a := range list {
		taken = append(taken, o.put(delivery{email: a.Email, by: a.Network, devices: a.Devices}))
	}
	for _, d := range o.waiting[links] {
		waiting = append(waiting, Asked{d.email, d.by, d.devices})
	}
	return taken, waiting
}
