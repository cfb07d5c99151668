package privacy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) days(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.AddDate(0, 0, n).Add(time.Minute)
}

func (c *clock) minutes(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Duration(n) * time.Minute)
}

// world is a fixture world with everything that writes about students.
type world struct {
	*fixture.World
	t      testing.TB
	clock  *clock
	folder string // Of the SQLite file; empty on MySQL.

	roster   *roster.Service
	usage    *usage.Service
	importer *jobs.Service
	privacy  *privacy.Service
}

// each runs a test on both kinds of databases, with the folder of the file.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, kind)
			d, err := database.Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			if _, err := d.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, d)
			if path, is := strings.CutPrefix(url, "sqlite:"); is {
				w.folder = filepath.Dir(path)
			}
			test(t, w)
		})
	}
}

func newWorld(t testing.TB, d *database.DB) *world {
	t.Helper()
	w := &world{World: fixture.New(t, d), t: t, clock: &clock{now: fixture.Today}}
	log := testlog.New(t)
	hasher := passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1})
	hash := func(ctx context.Context, password string) (string, error) {
		return hasher.Hash(ctx, testlog.Secret(password))
	}
	people := identity.New(d, identity.Options{Hasher: hasher, Now: w.clock.Now, Log: log})
	w.usage = usage.New(d, w.clock.Now, log)
	w.roster = roster.New(d, roster.Options{Hash: hash, Recount: usage.RecountStudents, Now: w.clock.Now, Log: log})
	w.importer = jobs.New(d,
		jobs.Options{
			Key:    []byte("0123456789abcdef0123456789abcdef"),
			Hash:   hash,
			Viewer: people.Viewer,
			Kinds:  catalog.Kinds(d, catalog.Needs{Recount: usage.RecountStudents, Now: w.clock.Now}),
			Now:    w.clock.Now,
			Log:    log,
		})
	w.privacy = privacy.New(d, privacy.Options{Importer: w.importer, Now: w.clock.Now, Log: log})
	return w
}

// dump is everything that the tables hold, and for SQLite the file and its log.
func (w *world) dump(files bool) string {
	w.t.Helper()
	var all strings.Builder
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	if w.DB.Kind() == database.SQLite {
		query = "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	for _, table := range w.cells(query) {
		for _, cell := range w.cells("SELECT * FROM `" + table + "`") {
			all.WriteString(table + ": " + cell + "\n")
		}
	}
	if files && w.folder != "" {
		names, err := filepath.Glob(filepath.Join(w.folder, "*"))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				w.t.Fatal(err)
			}
			all.WriteString(name + ": ")
			all.Write(content)
		}
	}
	return all.String()
}

func (w *world) cells(query string) (all []string) {
	w.t.Helper()
	rows, err := w.DB.Query(context.Background(), query)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			w.t.Fatal(err)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new([]byte)
		}
		if err := rows.Scan(cells...); err != nil {
			w.t.Fatal(err)
		}
		for i, c := range cells {
			all = append(all, columns[i]+" "+string(*c.(*[]byte)))
			if len(columns) == 1 {
				all[len(all)-1] = string(*c.(*[]byte))
			}
		}
	}
	return all
}

// wantNowhere fails if one of some values is still there, in upper or lower case.
func (w *world) wantNowhere(files bool, values ...string) {
	w.t.Helper()
	dump := w.dump(files)
	lower := strings.ToLower(dump)
	for _, v := range values {
		for from := 0; ; {
			i := strings.Index(lower[from:], strings.ToLower(v))
			if i < 0 {
				break
			}
			at := from + i
			w.t.Errorf("%q is still in the database: …%q…", v, dump[max(0, at-60):min(len(dump), at+60)])
			if from = at + len(v); from > at+200 || strings.Count(lower, strings.ToLower(v)) > 5 {
				break
			}
		}
	}
}

// wantEverywhere fails if one of the values is missing, because otherwise its absence
// later would mean nothing.
func (w *world) wantEverywhere(values ...string) {
	w.t.Helper()
	dump := strings.ToLower(w.dump(false))
	for _, v := range values {
		if !strings.Contains(dump, strings.ToLower(v)) {
			w.t.Errorf("%q was never written", v)
		}
	}
}

// job submits a file, checks it, and carries it out if start is set.
func (w *world) job(who *db.Educator, kind bulkjob.Kind, name, file string, start bool) *db.BulkJob {
	w.t.Helper()
	job, err := w.importer.Submit(w.As(w.t, who),
		jobs.Submission{OrganizationID: w.North.ID, Kind: kind, FileName: name, File: strings.NewReader(file)})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.carryOut(who, job, start)
}

func (w *world) carryOut(who *db.Educator, job *db.BulkJob, start bool) *db.BulkJob {
	w.t.Helper()
	w.drain()
	if start {
		if _, err := w.importer.Start(w.As(w.t, who), job.ID); err != nil {
			w.t.Fatal(err)
		}
		w.drain()
	}
	return w.Client().BulkJob.GetX(fixture.System(), job.ID)
}

func (w *world) drain() {
	w.t.Helper()
	if err := w.importer.Drain(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// healthy has the doctor look at every derived number.
func (w *world) healthy() {
	w.t.Helper()
	if _, err := doctor.New(w.DB).
		Examine(context.Background(), false, func(f doctor.Finding) error { w.t.Error(f); return nil }); err != nil {
		w.t.Error(err)
	}
}

func (w *world) purged() int {
	w.t.Helper()
	list, err := w.privacy.Purge(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, p := range list {
		n += p.Students
	}
	return n
}

func ptr[T any](v T) *T { return &v }

// faultOf is an error for people.
func faultOf(t *testing.T, err error) *fault.Error {
	t.Helper()
	f := fault.From(err)
	if f == nil {
		t.Fatalf("not an error for people: %v", err)
	}
	return f
}
