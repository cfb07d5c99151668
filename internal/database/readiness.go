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
	// probeEvery is how often the database is asked whether it can be written, as
	// long as somebody wants to know.
	probeEvery = 5 * time.Second
	// troubleLasts is for how long a transaction that failed counts. A small change
	// often succeeds where a large one finds no room.
	troubleLasts = 15 * time.Second
	// roomEvery is how often a MySQL database that had no room is asked whether it has.
	roomEvery = 30 * time.Second
	// leastRoom is how many bytes a disk has that is not full.
	leastRoom = 1 << 20
)

// readiness is what is known about whether a database can be written.
type readiness struct {
	mu sync.Mutex
	// probed is when the last probe began, running is closed when it ends, and found
	// is what the one before it found.
	probed  time.Time
	running chan struct{}
	found   Trouble
	// met is what a transaction met last, and when.
	met   Trouble
	metAt time.Time
	// sure is set where MySQL has shown that it has room, and no transaction has found
	// none since; tried is when it was last asked.
	sure  bool
	tried time.Time
}

// note remembers what a transaction ended with.
func (r *readiness) note(err error) {
	if t := TroubleOf(err); t == ReadOnly || t == Full {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.met, r.metAt = t, time.Now()
		r.sure = r.sure && t != Full
	}
}

// Writable returns what keeps the database from being written: ReadOnly, Full, or
// nothing. It asks rarely, by a change that changes nothing, and takes into account
// what transactions have met shortly before. A database that does not answer within
// the time of ctx, because somebody else writes, counts as it did before.
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
	// MySQL refuses it where it may not be carried out, and writes nothing, because
	// nothing changes. SQLite writes a page.
	_, err := conn.ExecContext(ctx, "UPDATE schema_revisions SET applied = applied")
	found := TroubleOf(err)
	if found != ReadOnly && found != Full {
		found = None // That it does not answer is seen by others.
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

// hasRoom looks for a disk that is full, on which a small change may still succeed: it
// finds room in a file that has been longer, also after a restart. What a disk has that
// this process sees is asked for. MySQL has to make a table, which happens at the first
// look, and after a transaction that found no room until there is some again.
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

// makeRoom makes a table with some content, and drops it. Its name is the same everywhere,
// so that servers that are killed leave one at most.
func (d *DB) makeRoom(ctx context.Context) error {
	_, err := d.ready.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_room (content LONGBLOB) ENGINE=InnoDB")
	if err == nil {
		_, err = d.ready.ExecContext(ctx, "INSERT INTO schema_room VALUES (REPEAT('x', 262144))")
	}
	if !isFull(err) && err != nil {
		return err // Whoever may not make tables, or has lost the connection, drops none.
	}
	_, dropped := d.ready.ExecContext(ctx, "DROP TABLE IF EXISTS schema_room")
	return errors.Join(err, dropped)
}

// isFull reports whether an error says that a disk is full. About a new file, MySQL says so
// in the text of more general errors.
func isFull(err error) bool {
	var my *mysql.MySQLError
	return TroubleOf(err) == Full ||
		errors.As(err, &my) && (strings.Contains(my.Message, "No space left") || strings.Contains(my.Message, "rror 28 "))
}

// HasRoom reports whether the disk of a folder is not full. Where nobody knows, it is not.
func HasRoom(folder string) bool {
	free := freeBytes(folder)
	return free < 0 || free >= leastRoom
}
