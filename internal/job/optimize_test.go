package job_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

func TestAServerThatStopsDuringTheStatisticsDoesNotComplain(t *testing.T) {
	t.Parallel()
	proxy := dbtest.NewProxy(t, dbtest.URL(t, database.MySQL))
	d, err := database.Open(t.Context(), proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	b := newBench(t, d)
	job := b.verified(b.NorthAdmin, b.North, students, studentsFile("s", jobs.LargeImport, ""))
	if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var stopped atomic.Bool
	proxy.At("ANALYZE TABLE", func() {
		stopped.Store(true)
		stop()
	})
	var log bytes.Buffer
	server := benchOn(t, b.World, func(o *jobs.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	_ = server.Drain(ctx) // ends with ctx
	if !stopped.Load() || ctx.Err() == nil {
		t.Fatal("the statistics were not refreshed")
	}
	if said := log.String(); strings.Contains(said, "level=") {
		t.Errorf("it says %s", said)
	}
	if got := d.Client(t.Context()).BulkJob.GetX(fixture.System(), job.ID); got.Status != bulkjob.StatusCOMPLETED {
		t.Errorf("the job is %s", got.Status)
	}
}
