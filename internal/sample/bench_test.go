package sample_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/sample"
)

// BenchmarkFill measures a load test's district on both kinds of database.
func BenchmarkFill(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		for _, students := range []int{20_000, 200_000} {
			b.Run(fmt.Sprintf("%s/%d", kind, students), func(b *testing.B) {
				rows, start := 0, time.Now()
				for range b.N {
					b.StopTimer()
					d := dbtest.Open(b, kind)
					b.StartTimer()
					rows += fill(b, d, sample.Options{Students: students}).Rows()
				}
				b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "rows/s")
			})
		}
	}
}
