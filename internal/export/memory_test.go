package export_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// heap is a writer that throws the file away and remembers how large the heap was
// while it was written.
type heap struct {
	bytes   int64
	highest uint64
}

func (h *heap) Write(p []byte) (int, error) {
	if h.bytes += int64(len(p)); h.bytes%(1<<20) < int64(len(p)) {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		h.highest = max(h.highest, now.HeapAlloc)
	}
	return len(p), nil
}

// TestALongExportNeedsNoMoreMemory compares the heap of a long list with that of
// one five times shorter.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestALongExportNeedsNoMoreMemory(t *testing.T) {
	b := newBench(t, dbtest.Open(t, database.SQLite))
	add := func(from, n int) {
		for ; n > 0; n -= 500 {
			b.Client().Student.MapCreateBulk(make([]struct{}, 500), func(c *db.StudentCreate, i int) {
				name := fmt.Sprintf("student number %08d", from+n+i)
				c.SetDistrictID(b.Alpha.ID).SetOrganizationID(b.North.ID).SetExternalID(name).SetUsername(name).
					SetUsernameKey(name).
					SetFirstName("A first name that is rather long").SetLastName(name).SetSortName(name).SetGrade(1)
			}).ExecX(fixture.System())
		}
	}
	export := func() *heap {
		h := &heap{}
		if _, err := b.export.Students(b.As(t, b.NorthAdmin), h, b.North.ID, roster.StudentFilter{}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	add(0, 10_000)
	short := export()
	add(100_000, 40_000)
	long := export()
	if long.bytes < 4*short.bytes || short.highest == 0 {
		t.Fatalf("files of %d and %d bytes", short.bytes, long.bytes)
	}
	if long.highest > short.highest+4<<20 {
		t.Errorf("the heap has %d KB for a file of %d KB, and %d KB for one of %d KB", short.highest>>10, short.bytes>>10,
			long.highest>>10, long.bytes>>10)
	}
	t.Logf("%d KB for a file of %d KB, %d KB for one of %d KB", short.highest>>10, short.bytes>>10,
		long.highest>>10, long.bytes>>10)
}
