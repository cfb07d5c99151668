package database

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// probeEvery is how often the database is checked for writing, as long as somebody
	// asks.
	probeEvery = 5 * time.Second
	// troubleLasts is how long a failed transaction counts. A small change often succeeds
	// when a large one finds no room.
	troubleLasts = 15 * time.Second
	// roomEvery is how often a full MySQL database is checked for room.
	roomEvery = 30 * time.Second
	// leastRoom is how many free bytes a disk must have not to count as full.
	leastRoom = 1 << 20
)

// readiness is what is known about whether a database can be written.
type readiness struct {
	mu sync.Mutex
	// probed is when the last check began, running is closed when it ends, and found is
	// the result of the check before.
	probed  time.Time
	running chan struct{}
	found   Trouble
	// met is the last problem that a transaction met, and when.
	met   Trouble
	metAt time.Time
	// sure says that MySQL has shown that it has room, and no transaction has found it
	// full since; tried is when it was last checked.
	sure  bool
	tried time.Time
}

// note remembers the result of a transaction.
func (r *readiness) note(err error) {
	if t := TroubleOf(err); t == ReadOnly || t == Full {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.met, r.metAt = t, time.Now()
		r.sure = r.sure && t != Full
	}
}

// Writable returns what keeps the database from being written: ReadOnly, Full, or None. It
// checks rarely, with a change that changes nothing, and considers what transactions have
// met shortly before. If a database does not answer before ctx ends, because somebody else
// writes, the last result counts.
func (d *DB) Writable(ctx context.Context) Trouble {
	r := &d.readiness
	r.mu.Lock()
	if r.running == nil && time.Since(r.probed) >= probeEvery {
		done := make(chan struct{})
		r.probed, r.running = time.Now(), done
		go d.probe(context.WithoutCancel(ctx), done)
	}
	running := r.running
	r.mu.Unlock()
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == None && r.met != None && time.Since(r.metAt) < troubleLasts {
		return r.met
	}
	return r.found
}

func (d *DB) probe(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, 4*probeEvery)
	defer cancel()
	conn := d.ready
	if d.writes != nil {
		conn = d.writes
	}
	// A read-only MySQL refuses this, and otherwise writes nothing because nothing
	// changes. SQLite writes a page.
	_, err := conn.ExecContext(ctx, "UPDATE schema_revisions SET applied = applied")
	found := TroubleOf(err)
	if found != ReadOnly && found != Full {
		found = None // Other checks notice that it does not answer.
	}
	if found == None && !d.hasRoom(ctx) {
		found = Full
	}
	r := &d.readiness
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.found = nil, found
	close(done)
}

// hasRoom detects a full disk. A small change may still succeed on it, because it finds
// room in a file that was larger before, even after a restart. If the disk is visible to
// this process, its free space is read. MySQL has to create a table: at the first check,
// and after a transaction that found no room, until there is room again.
func (d *DB) hasRoom(ctx context.Context) bool {
	if d.kind == SQLite {
		return HasRoom(filepath.Dir(d.file))
	}
	r := &d.readiness
	r.mu.Lock()
	sure, tried, found := r.sure, r.tried, r.found
	if sure || time.Since(tried) < roomEvery {
		r.mu.Unlock()
		return sure || found != Full
	}
	r.tried = time.Now()
	r.mu.Unlock()
	sure = !isFull(d.makeRoom(ctx))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sure = sure
	return sure
}

// makeRoom creates a table with some content, and drops it. Its name is always the same,
// so that killed servers leave at most one.
func (d *DB) makeRoom(ctx context.Context) error {
	_, err := d.ready.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_room (content LONGBLOB) ENGINE=InnoDB")
	if err == nil {
		_, err = d.ready.ExecContext(ctx, "INSERT INTO schema_room VALUES (REPEAT('x', 262144))")
	}
	if !isFull(err) && err != nil {
		return err // If the account may not create tables, or the connection is lost, there is nothing to drop.
	}
	_, dropped := d.ready.ExecContext(ctx, "DROP TABLE IF EXISTS schema_room")
	return errors.Join(err, dropped)
}

// isFull reports whether an error says that a disk is full. For a new file, MySQL says so
// only in the text of more general errors.
func isFull(err error) bool {
	var my *mysql.MySQLError
	return TroubleOf(err) == Full ||
		errors.As(err, &my) && (strings.Contains(my.Message, "No space left") || strings.Contains(my.Message, "rror 28 "))
}

// HasRoom reports whether the disk of a folder is not full. If that is unknown, the answer
// is yes.
func HasRoom(folder string) bool {
	free := freeBytes(folder)
	return free < 0 || free >= leastRoom
}
