package job

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/job/actor"
	"github.com/openhomeroom/homeroom/internal/job/budget"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/original"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/scale"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/trace"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Service takes files in, works on jobs and shows them.
type Service struct {
	// Reader shows jobs and their rows.
	*reader.Reader
	// Traces are what jobs keep of a person.
	*trace.Traces

	db  *database.DB
	now func() time.Time
	log *slog.Logger

	kinds kind.Table
	// formats are the formats of the kinds that read files.
	formats sheet.Formats
	actors  *actor.Actors
	limiter *queue.Limiter
	meter   *progress.Meter
	queue   *queue.Queue
	scale   *scale.Scale
	vault   *vault.Vault
	files   *original.Files

	// The parts of the work. Each is this service with its own methods.
	correction correction
	checking   checking
	writing    writing
	undoing    undoing
	submitting submitting
	sweeping   sweeping
	canceling  canceling
	holding    holding
	starting   starting

	hash   func(ctx context.Context, password string) (string, error)
	turn   func(ctx context.Context) (end func(), err error)
	batch  int
	limits csvfile.Limits
	probes *probe.Counter
	// checkTime and cpu are what the check of a file may take, and how that is known.
	checkTime time.Duration
	cpu       func() time.Duration
	// maxRefused and maxProblems are what the check of one job writes down at most.
	maxRefused, maxProblems int
	// maxAbandoned is how often servers may end while they work on a job.
	maxAbandoned int

	// correcting holds a place for each correction that reads a file.
	correcting chan struct{}
	// wake and wakeShort tell the workers to look for work.
	wake, wakeShort chan struct{}

	mu sync.Mutex
	// warned are the jobs with another key that the log has mentioned.
	warned []int
	// tries counts, for each job, the attempts in a row that ended in an error.
	tries map[int]int
	// ends holds, for each job that this server works on, how the work is ended.
	ends map[int]context.CancelCauseFunc
}

// Options are what a Service needs of the rest of the program.
type Options struct {
	// Key is the installation's secret, of 32 bytes or more. The keys that encrypt
	// files and passwords are derived from it, one for each job.
	Key []byte
	// OldKeys are former secrets. The service reads what they encrypted, and Reseal
	// encrypts it again.
	OldKeys [][]byte
	// Hash returns the stored form of a password; it limits itself to what the machine can
	// do.
	Hash func(ctx context.Context, password string) (string, error)
	// Viewer returns an educator with their present roles, or an error of the kind
	// fault.Unauthenticated if the account may no longer sign in.
	Viewer func(ctx context.Context, educatorID int) (*viewer.Viewer, error)
	// Kinds are the kinds of jobs; none may occur twice.
	Kinds []kind.Kind
	// Turn waits until work may continue that would keep people waiting, and returns a
	// function that ends the turn; it is nil for work that never waits. It is called for
	// each batch.
	Turn func(ctx context.Context) (end func(), err error)
	// Batch is how many rows are checked, written and undone at a time; zero means the
	// fastest number.
	Batch int
	// Limits limits a file; the zero value means the defaults.
	Limits csvfile.Limits
	// Quotas limit what somebody may have waiting; the zero value sets no limit.
	Quotas queue.Quotas
	// Probes counts what files reveal about people whom their submitters do not see; if it
	// is nil, nothing is counted.
	Probes *probe.Counter
	// CheckTime is how much CPU time the check of one file may take, plus a millisecond
	// for each row; 0 means no limit.
	CheckTime time.Duration
	// CPU returns the CPU time of the thread that asks; nil for that of the system.
	CPU func() time.Duration
	// MaxRefused is how many rows of one job the check may refuse, and MaxProblems how many
	// errors and warnings it may write down, before the job fails; zero means 200,000
	// and 500,000.
	MaxRefused, MaxProblems int
	// MaxAbandoned is how many servers may end while they work on a job that has written
	// nothing, before the job fails; zero means 10.
	MaxAbandoned int
	// Lease is how long a server keeps a job without a sign of life before another one
	// takes it over; zero means DefaultLease.
	Lease time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// New returns the engine of a database. It works on jobs only while Run,
// RunJob or Drain is running.
func New(d *database.DB, o Options) *Service {
	name := make([]byte, 12)
	_, _ = rand.Read(name) // never fails
	if o.Limits.Bytes <= 0 {
		o.Limits.Bytes = csvfile.DefaultLimits().Bytes
	}
	if o.Lease <= 0 {
		o.Lease = queue.DefaultLease
	}
	if o.Turn == nil {
		o.Turn = func(context.Context) (func(), error) { return func() {}, nil }
	}
	if o.MaxAbandoned <= 0 {
		o.MaxAbandoned = 10
	}
	if o.CPU == nil {
		o.CPU = budget.ThreadTime
	}
	e := row.Env{DB: d, Now: o.Now}
	kinds := kind.NewTable(o.Kinds)
	v := vault.NewVault(e, o.Key, o.OldKeys, o.Limits.Bytes)
	q := queue.NewQueue(e, v, hex.EncodeToString(name), o.Lease, o.Log)
	s := &Service{
		Reader:       reader.NewReader(e, v, kinds),
		Traces:       trace.NewTraces(e, v, kinds),
		db:           d,
		now:          o.Now,
		log:          o.Log,
		kinds:        kinds,
		formats:      kind.FormatsOf(o.Kinds),
		actors:       actor.NewActors(e, kinds, o.Viewer),
		limiter:      queue.NewLimiter(e, o.Quotas),
		meter:        progress.NewMeter(e, q, o.Log),
		queue:        q,
		scale:        scale.NewScale(e, kinds),
		vault:        v,
		files:        original.NewFiles(v, kinds, kind.FormatsOf(o.Kinds), o.Limits),
		hash:         o.Hash,
		turn:         o.Turn,
		batch:        o.Batch,
		limits:       o.Limits,
		probes:       o.Probes,
		checkTime:    o.CheckTime,
		cpu:          o.CPU,
		maxRefused:   cmp.Or(o.MaxRefused, maxRefused),
		maxProblems:  cmp.Or(o.MaxProblems, maxProblems),
		maxAbandoned: o.MaxAbandoned,
		correcting:   make(chan struct{}, correctAtOnce),
		wake:         make(chan struct{}, 1),
		wakeShort:    make(chan struct{}, 1),
		tries:        map[int]int{},
		ends:         map[int]context.CancelCauseFunc{},
	}
	s.correction = correction{s}
	s.checking = checking{s}
	s.writing = writing{s}
	s.undoing = undoing{s}
	s.submitting = submitting{s}
	s.sweeping = sweeping{s}
	s.canceling = canceling{s}
	s.holding = holding{s}
	s.starting = starting{s}
	return s
}

// env is what the kinds are given of the server.
func (s *Service) env() row.Env { return row.Env{DB: s.db, Now: s.now} }

// instant is the present moment as the databases keep it.
func (s *Service) instant() time.Time { return s.env().Instant() }

// locks reports whether reads take row locks; see env.
func (s *Service) locks() bool { return s.env().Locks() }

// rowsAtOnce is how many rows a batch has if usual is the usual number.
func (s *Service) rowsAtOnce(usual int) int {
	if s.batch > 0 {
		return s.batch
	}
	return usual
}

// The parts of the work on jobs. Each is the service, with methods of its own.
type (
	// correction corrects a row of a job.
	correction struct{ *Service }
	// checking checks the rows of a job.
	checking struct{ *Service }
	// writing carries out the rows of a job.
	writing struct{ *Service }
	// undoing puts the rows of a job back.
	undoing struct{ *Service }
	// submitting takes a job in.
	submitting struct{ *Service }
	// sweeping removes what jobs left behind.
	sweeping struct{ *Service }
	// canceling ends a job at a person's word.
	canceling struct{ *Service }
	// holding puts jobs on hold.
	holding struct{ *Service }
	// starting starts and approves jobs.
	starting struct{ *Service }
)
