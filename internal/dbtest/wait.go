package dbtest

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
)

// lookEvery is the pause between two looks at the transactions of a server.
const lookEvery = 5 * time.Millisecond

// thread is how a server names the connection of a transaction.
var thread = regexp.MustCompile(`thread id (\d+)`)

// AwaitLockWaits returns when at least n transactions of a database wait for the locks of
// others, or when over says that they will not. On SQLite, a transaction begins only after
// the one before it, so none waits in the middle, and it returns at once.
func AwaitLockWaits(t testing.TB, d *database.DB, n int, over func() bool) {
	t.Helper()
	if d.Kind() == database.SQLite {
		return
	}
	for lockWaits(t, d) < n && !over() {
		time.Sleep(lookEvery)
	}
}

// lockWaits counts the transactions of a database that wait for locks. It asks for the
// status of the engine, because information_schema is only updated if nobody has read it
// for a tenth of a second.
func lockWaits(t testing.TB, d *database.DB) int {
	t.Helper()
	waiting := map[string]bool{}
	for _, row := range query(t, d, "SHOW ENGINE INNODB STATUS") {
		for transaction := range strings.SplitSeq(row[2], "---TRANSACTION ") {
			if id := thread.FindStringSubmatch(transaction); id != nil && strings.Contains(transaction, "LOCK WAIT") {
				waiting[id[1]] = true
			}
		}
	}
	n := 0
	for _, row := range query(t, d, "SELECT id FROM information_schema.processlist WHERE db = DATABASE()") {
		if waiting[row[0]] {
			n++
		}
	}
	return n
}

func query(t testing.TB, d *database.DB, statement string) (list [][]string) {
	t.Helper()
	rows, err := d.Query(context.Background(), statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
