package download

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
)

const (
	// inMemory is how much of a file waits for its client in memory. The rest goes to a
	// temporary file.
	inMemory = 64 << 10
	// piece is how much is sent at a time.
	piece = 32 << 10
	// spoolEach and spoolAll limit the bytes that wait for the clients of one caller, and
	// of all callers. A district gets half of all.
	spoolEach = 256 << 20
	spoolAll  = 2 << 30
	// heldRate is the lowest rate, in bytes a second, of a client whose file still holds a
	// place because its storage is full.
	heldRate = 64 << 10
)

var (
	errTooSlow = errors.New("the client accepts less than 4 KiB a second, or 64 KiB while its file holds a place")
	errYielded = errors.New("the client accepts less than others who need the room")
	errStopped = errors.New("the file is not made any more")
)

// spool holds what has been made of a file and waits for its client. It is sent while more
// is made, so that making the file does not wait for the client.
type spool struct {
	to     io.Writer
	holder *allowance.Holder
	now    func() time.Time
	// owned checks that the owner of the address may still have the file.
	owned func(context.Context) error
	ctx   context.Context

	mu    sync.Mutex
	moved *sync.Cond
	// head is the first part of what waits, and file has stored more bytes that follow it;
	// given is how much of both was sent to the client.
	head          []byte
	file          *os.File
	stored, given int64
	// held says that the maker waits for the client, and ended that nothing more will be
	// added.
	held, ended bool
	err         error
	// running says that something has been sent; done is closed after the last of it.
	running bool
	done    chan struct{}
}

// newSpool returns the spool of a file. interrupt ends a write that the client does not
// accept.
func (l *line) newSpool(ctx context.Context, to io.Writer, levels []allowance.Level,
	owned func(context.Context) error, interrupt func()) *spool {
	s := &spool{to: to, now: l.now, owned: owned, ctx: ctx, done: make(chan struct{})}
	s.moved = sync.NewCond(&s.mu)
	s.holder = l.spooled.Enter(func() {
		s.fail(errYielded)
		interrupt()
	}, levels...)
	return s
}

// Write stores a piece for the client. If there is no room, it waits until the client has
// received everything.
func (s *spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer context.AfterFunc(s.ctx, func() { s.fail(context.Cause(s.ctx)) })()
	if !s.running {
		s.running = true
		go s.give()
	}
	for s.err == nil {
		waiting := int64(len(s.head)) + s.stored - s.given
		if waiting == 0 {
			s.head, s.stored, s.given = s.head[:0], 0, 0
		}
		if waiting == 0 || s.stored == 0 && len(s.head)+len(b) <= inMemory {
			s.head = append(s.head, b...)
			s.held = false
			s.moved.Broadcast()
			return len(b), nil
		}
		if !s.held && s.store(b) {
			s.moved.Broadcast()
			return len(b), nil
		}
		s.held = true
		s.moved.Wait()
	}
	return 0, s.err
}

// store writes a piece to the temporary file, if there is room. A full disk does not end a
// file; the file waits for its client then.
func (s *spool) store(b []byte) bool {
	if more := inMemory + s.stored + int64(len(b)) - s.holder.Holds(); more > 0 {
		s.mu.Unlock() // Others may be cut off, which needs their locks.
		err := s.holder.Claim(more)
		s.mu.Lock()
		if err != nil || s.err != nil {
			return false
		}
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "homeroom-download-")
		if err != nil {
			return false
		}
		_ = os.Remove(file.Name()) // The open file remains usable.
		s.file = file
	}
	if _, err := s.file.WriteAt(b, s.stored); err != nil {
		return false
	}
	s.stored += int64(len(b))
	return true
}

// give sends what is there to the client, until there is no more or something fails.
func (s *spool) give() {
	defer close(s.done)
	buffer := make([]byte, piece)
	asked := s.now()
	var written int64
	var waited time.Duration
	for {
		n, held, err := s.next(buffer)
		if err != nil {
			s.fail(err)
			return
		}
		if n == 0 {
			return
		}
		s.holder.Wait() // The one that has moved last is the last to make room.
		begun := s.now()
		if begun.Sub(asked) >= ownerAge {
			if err := s.owned(s.ctx); err != nil {
				s.fail(err)
				return
			}
			asked = begun
		}
		n, err = s.to.Write(buffer[:n])
		written += int64(n)
		waited += s.now().Sub(begun)
		rate := leastRate
		if held {
			rate = heldRate
		}
		if err == nil && waited > rateFrom && float64(written) < float64(rate)*waited.Seconds() {
			err = errTooSlow
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.gave(int64(n))
	}
}

// next waits for something to send, and returns 0 after the end.
func (s *spool) next(p []byte) (n int, held bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.err == nil && int64(len(s.head))+s.stored == s.given && !s.ended {
		s.holder.Rest()
		s.moved.Wait()
	}
	switch behind := s.given - int64(len(s.head)); {
	case s.err != nil:
		return 0, false, s.err
	case behind < 0:
		n = copy(p, s.head[s.given:])
	case behind < s.stored:
		n, err = s.file.ReadAt(p[:min(int64(len(p)), s.stored-behind)], behind)
	}
	return n, s.held, err
}

func (s *spool) gave(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given += n
	s.moved.Broadcast()
}

func (s *spool) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.moved.Broadcast()
}

// end waits until the client has received everything.
func (s *spool) end() error {
	s.mu.Lock()
	s.ended = true
	s.moved.Broadcast()
	running := s.running
	s.mu.Unlock()
	if running {
		<-s.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// close releases everything, whatever happened. interrupt ends a write that is still in
// progress.
func (s *spool) close(interrupt func()) {
	s.fail(errStopped)
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	if running {
		select {
		case <-s.done:
		default:
			interrupt()
			<-s.done
		}
	}
	s.holder.Leave()
	if s.file != nil {
		_ = s.file.Close()
	}
}
