package workbook_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

// large is a workbook with many students, each text in it once.
func large(t testing.TB, rows int) []byte {
	return written(t, func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			t.Fatal(err)
		}
		line := func(row int, cells ...any) {
			if err := w.SetRow(fmt.Sprintf("A%d", row), cells); err != nil {
				t.Fatal(err)
			}
		}
		line(1, "Database ID", "Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School",
			"Classes/Groups")
		for i := range rows {
			line(i+2, "", fmt.Sprintf("%07d", i), fmt.Sprint("First", i), fmt.Sprint("Last", i), fmt.Sprint("user", i),
				fmt.Sprint("secret", i), i%12+1, "North School", "Algebra;Biology")
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestALargeWorkbookNeedsLittleMemory reads 50,000 rows and watches the heap
// meanwhile: the file itself and the texts that cells share are in it, and no
// sheet.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestALargeWorkbookNeedsLittleMemory(t *testing.T) {
	const rows, most = 50_000, 40 << 20
	file := large(t, rows)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var highest atomic.Uint64
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				highest.Store(max(highest.Load(), now.HeapInuse))
			}
		}
	}()
	n := readAll(t, file)
	close(stop)
	<-watched
	if n != rows {
		t.Errorf("%d rows; want %d", n, rows)
	}
	used := int64(highest.Load()) - int64(before.HeapInuse)
	t.Logf("a file of %d KB needs %d KB more", len(file)>>10, used>>10)
	if used > most {
		t.Errorf("reading a file of %d KB needs %d MB more", len(file)>>10, used>>20)
	}
}

func readAll(t testing.TB, file []byte) (n int) {
	book, err := workbook.Open(file, csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := book.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	for {
		switch _, err := r.Next(); {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			t.Fatal(err)
		}
		n++
	}
}

func BenchmarkRead(b *testing.B) {
	const rows = 20_000
	file := large(b, rows)
	b.ReportAllocs()
	for b.Loop() {
		readAll(b, file)
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
