package passwd_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/passwd"
)

var cheap = passwd.Cost{Memory: 64, Time: 1}

func TestPassword(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := passwd.NewHasher(cheap)
	one, err := h.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	accented, _ := h.Hash(ctx, "café")
	two, _ := h.Hash(ctx, "correct horse")
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("%s and %s; want two salts and a PHC string", one, two)
	}
	for _, tc := range []struct {
		password, hash string
		want           bool
	}{{"correct horse", one, true}, {"correct horse", two, true}, {"Correct horse", one, false}, {"", one, false},
		{"decoy", "", false}, {"cafe\u0301", accented, true}} {
		if got, err := h.Verify(ctx, tc.password, tc.hash); err != nil || got != tc.want {
			t.Errorf("Verify(%q, %q) = %v, %v; want %v", tc.password, tc.hash, got, err, tc.want)
		}
	}
	for _, damaged := range []string{"x", "$argon2id$v=19$m=64$a$b", "$argon2id$v=19$m=64,t=1,p=1$***$b",
		"$bcrypt$v=19$m=64,t=1,p=1$YWE$YWE"} {
		if _, err := h.Verify(ctx, "x", damaged); err == nil {
			t.Errorf("%q was taken for a hash", damaged)
		}
	}
}

func TestAQueueOfPasswordsHasAnEnd(t *testing.T) {
	t.Parallel()
	h := passwd.NewHasher(cheap)
	ctx, cancel := context.WithCancel(context.Background())
	release := h.Occupy(t)
	var all sync.WaitGroup
	var refused, gaveUp atomic.Int32
	for range passwd.MaxVerifying(h) + 25 {
		all.Go(func() {
			_, err := h.Verify(ctx, "x", "")
			if fault.KindOf(err) == fault.Unavailable {
				refused.Add(1)
			} else if errors.Is(err, context.Canceled) {
				gaveUp.Add(1)
			}
		})
	}
	for refused.Load() < 25 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	all.Wait()
	release()
	if refused.Load() != 25 || int(gaveUp.Load()) != passwd.MaxVerifying(h) {
		t.Errorf("%d were refused, %d gave up", refused.Load(), gaveUp.Load())
	}
	if _, err := h.Verify(context.Background(), "x", ""); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
