package passwd

import "testing"

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
