// Package download serves files at signed addresses. An address works for a quarter of an
// hour, and only as long as the session or service key that asked for it.
package download

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Lifetime is how long an address works.
const Lifetime = 15 * time.Minute

// Path is the folder of all downloads on the server.
const Path = "/downloads/"

// Service creates and serves addresses.
type Service struct {
	key     []byte
	old     [][]byte // never trusted; see wasSigned
	filter  cipher.AEAD
	public  string
	notify  *notify.Service
	export  *export.Service
	jobs    *jobs.Service
	privacy *privacy.Service
	audit   *audit.Service
	session func(ctx context.Context, sessionID int) (*viewer.Viewer, error)
	program func(ctx context.Context, keyID int) (*viewer.Viewer, error)
	line    *line
	// patience is how long the database may take for the next piece of a file.
	patience time.Duration
	now      func() time.Time
	log      *slog.Logger
}

// Options are what a Service needs.
type Options struct {
	// Secret is the server's secret key; the key of the signatures is derived
	// from it.
	Secret []byte
	// OldSecrets are former secret keys. Addresses that they have signed are reported as
	// expired. They are not accepted: a key is replaced because others may know it, and
	// those could create addresses for as long as the key is listed.
	OldSecrets [][]byte
	// PublicURL is the address under which browsers reach the server, such as
	// https://homeroom.example.org. If it is empty, addresses are relative to the
	// endpoint. The Host of a request decides nothing, because the client chooses it.
	PublicURL string
	Notify    *notify.Service
	Export    *export.Service
	Importer  *jobs.Service
	Privacy   *privacy.Service
	// Audit records each file before its first byte is sent.
	Audit *audit.Service
	// SessionViewer returns the viewer of a session, or an error if the session has ended.
	SessionViewer func(ctx context.Context, sessionID int) (*viewer.Viewer, error)
	// KeyViewer returns the viewer of a service key, or an error if the key has expired or
	// has been revoked.
	KeyViewer func(ctx context.Context, keyID int) (*viewer.Viewer, error)
	// Each is how many files are made at a time for one caller, and All for all callers; 0
	// means 2 and 8.
	Each, All int
	// KeptEach and KeptAll limit the bytes that wait for the clients of one caller, and of
	// all callers; 0 means 256 MiB and 2 GiB.
	KeptEach, KeptAll int64
	// Turn waits for the file's turn to use a core; if it is nil, files do not wait.
	Turn func(ctx context.Context) (end func(), err error)
	// Patience is how long the database may take for the next piece of a file; 0 means 30
	// seconds.
	Patience time.Duration
	Now      func() time.Time
	Log      *slog.Logger
}

// New returns a service.
func New(o Options) (*Service, error) {
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "homeroom download address", sha256.Size)
	if err != nil {
		return nil, err
	}
	old := make([][]byte, len(o.OldSecrets))
	for i, secret := range o.OldSecrets {
		if old[i], err = hkdf.Key(sha256.New, secret, nil, "homeroom download address", sha256.Size); err != nil {
			return nil, err
		}
	}
	filter, err := seal.New(o.Secret, "homeroom download filter")
	if err != nil {
		return nil, err
	}
	return &Service{
		key:      key,
		old:      old,
		filter:   filter,
		public:   strings.TrimSuffix(o.PublicURL, "/"),
		notify:   o.Notify,
		export:   o.Export,
		jobs:     o.Importer,
		privacy:  o.Privacy,
		audit:    o.Audit,
		session:  o.SessionViewer,
		program:  o.KeyViewer,
		line:     newLine(o),
		patience: cmp.Or(o.Patience, 30*time.Second),
		now:      o.Now,
		log:      o.Log,
	}, nil
}

// file is one kind of download.
type file struct {
	// name is the name of the file on the person's computer, without the date.
	name string
	// action is the action in the audit trail.
	action audit.Action
	// write writes the file for the viewer of the context. A refusal comes before anything
	// is written.
	write func(s *Service, ctx context.Context, w io.Writer, organizationID int, q url.Values) error
	// json says that the file is a JSON document; the others are CSV.
	json bool
	// forKeys says that programs with a service key may have the file as well.
	forKeys bool
}

// files maps paths below Path to downloads.
var files = map[string]file{
	unassignedFile: {
		name:   "unassigned-active-students",
		action: audit.NoticeDownloaded,
		write:  (*Service).writeUnassigned,
	},
	studentsFile: {name: "students", action: audit.StudentsExported, write: (*Service).writeStudents},
	failedRowsFile: {
		name:    "failed-rows",
		action:  audit.FailedRowsDownloaded,
		write:   (*Service).writeFailedRows,
		forKeys: true,
	},
	recordFile: {
		name:   "student-record",
		action: audit.StudentRecordDownloaded,
		write:  (*Service).writeRecord,
		json:   true,
	},
	auditFile: {name: "audit-trail", action: audit.AuditDownloaded, write: (*Service).writeAudit},
}

// owner is who may use an address: an educator by the session, or a program by its service
// key.
type owner struct{ sessionID, keyID int }

func ownerOf(ctx context.Context) owner {
	v := viewer.FromContext(ctx)
	if v.Key != nil {
		return owner{keyID: v.Key.ID}
	}
	return owner{sessionID: v.SessionID}
}

// address returns the address of a file about an organization, for its owner.
func (s *Service) address(name string, organizationID int, o owner, q url.Values) string {
	q.Set("organization", globalid.Encode(globalid.Organization, organizationID))
	if o.keyID != 0 {
		q.Set("key", globalid.Encode(globalid.ServiceKey, o.keyID))
	} else {
		q.Set("session", globalid.Encode(globalid.Session, o.sessionID))
	}
	q.Set("expires", strconv.FormatInt(s.now().Add(Lifetime).Unix(), 10))
	q.Set("signature", sign(s.key, name, q))
	return s.public + Path + name + "?" + q.Encode()
}

// signed reports whether an address has the signature of the secret key.
func (s *Service) signed(name string, q url.Values) bool { return isSigned(s.key, name, q) }

// wasSigned reports whether an address has the signature of an old key. This only chooses
// the message of a refusal.
func (s *Service) wasSigned(name string, q url.Values) bool {
	return slices.ContainsFunc(s.old, func(key []byte) bool { return isSigned(key, name, q) })
}

func isSigned(key []byte, name string, q url.Values) bool {
	return hmac.Equal([]byte(sign(key, name, q)), []byte(q.Get("signature")))
}

// sign returns the signature of everything else in an address.
func sign(key []byte, name string, q url.Values) string {
	signed := maps.Clone(q)
	signed.Del("signature")
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s\n%s", name, signed.Encode())
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// ServeHTTP serves the downloads. Whoever has an address gets what its owner may see at
// this moment.
func (s *Service) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Downloads need GET or HEAD.", http.StatusMethodNotAllowed)
		return
	}
	q := req.URL.Query()
	name := strings.TrimPrefix(req.URL.Path, Path)
	f, known := files[name]
	signed := known && s.signed(name, q)
	if !signed && !(known && s.wasSigned(name, q)) {
		http.Error(w, "There is no such download.", http.StatusNotFound)
		return
	}
	if expires, err := strconv.ParseInt(q.Get("expires"), 10, 64); !signed || err != nil || s.now().Unix() > expires {
		http.Error(w, "This address has expired. Open the dashboard again and use the new address.", http.StatusGone)
		return
	}
	organizationID, _ := globalid.Key(globalid.Organization, q.Get("organization"))
	asked := s.now()
	v, err := s.owned(req.Context(), f, q)
	if err != nil {
		s.fail(w, req, err)
		return
	}
	if viewer.Tell(req.Context(), v) != nil {
		allCrowd.answer(w)
		return
	}
	leave, crowded := s.line.enter(req.Context(), v)
	if crowded != nil {
		crowded.answer(w)
		return
	}
	defer leave()
	// The request may have waited, and the session may have ended meanwhile.
	if s.now().Sub(asked) >= ownerAge {
		if v, err = s.owned(req.Context(), f, q); err != nil {
			s.fail(w, req, err)
			return
		}
	}
	s.stream(w, req.WithContext(viewer.NewContext(req.Context(), v)), f, organizationID, q, leave)
}

// owned is viewerOf with the time limit for a piece of a file.
func (s *Service) owned(ctx context.Context, f file, q url.Values) (*viewer.Viewer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return s.viewerOf(ctx, f, q)
}

// viewerOf returns the current viewer of the owner of an address.
func (s *Service) viewerOf(ctx context.Context, f file, q url.Values) (*viewer.Viewer, error) {
	if !q.Has("key") {
		id, _ := globalid.Key(globalid.Session, q.Get("session"))
		v, err := s.session(ctx, id)
		if err == nil && v.BeforeSecondFactor {
			return nil, errBeforeSecondFactor
		}
		return v, err
	}
	if !f.forKeys {
		return nil, errNotForKeys
	}
	id, _ := globalid.Key(globalid.ServiceKey, q.Get("key"))
	return s.program(ctx, id)
}

var errBeforeSecondFactor = fault.Forbiddenf("a second factor must be set up first")

// errOther ends a file in the middle: the rest would be for other roles than the
// beginning.
var errOther = errors.New("the roles of the owner have changed")

var errNotForKeys = fault.Forbiddenf("only people can download the file, not programs")

// stream sends the file while it is made, and calls made when it is complete. The headers
// of a file are set only with its first bytes, so that a refusal can still be an answer of
// its own.
func (s *Service) stream(w http.ResponseWriter, req *http.Request, f file, organizationID int, q url.Values,
	made func()) {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	req = req.WithContext(ctx)
	v := viewer.FromContext(ctx)
	control := http.NewResponseController(w)
	interrupt := func() { _ = control.SetWriteDeadline(time.Unix(1, 0)) }
	kept := s.line.newSpool(ctx, w, levels(v, s.line.keptEach, s.line.keptAll), func(ctx context.Context) error {
		now, err := s.owned(ctx, f, q)
		if err == nil && !slices.Equal(now.Assignments, v.Assignments) {
			return errOther
		}
		return err
	}, interrupt)
	defer kept.close(interrupt)
	if kept.holder.Claim(inMemory) != nil {
		allCrowd.answer(w)
		return
	}
	out := &lazy{w: kept, start: func() error {
		if err := s.record(req.Context(), f, organizationID, q); err != nil {
			return err
		}
		kind, ending := "text/csv; charset=utf-8", "csv"
		if f.json {
			kind, ending = "application/json", "json"
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition",
			fmt.Sprintf(`attachment; filename="%s-%s.%s"`, f.name, s.now().UTC().Format(time.DateOnly), ending))
		h.Set("Cache-Control", "no-store")
		return nil
	}}
	paced := s.line.pace(ctx, out, s.patience, func() { cancel(errSilent) })
	defer paced.end()
	err := f.write(s, req.Context(), paced, organizationID, q)
	paced.end()
	made()
	if err == nil {
		err = kept.end()
	}
	switch {
	case err == nil:
	case !out.started:
		s.fail(w, req, err)
	case errors.Is(err, errTooSlow), errors.Is(err, errYielded), errors.Is(err, errOther),
		fault.KindOf(err) == fault.Unauthenticated:
		s.log.InfoContext(req.Context(), "a download was cut off", "error", err)
		panic(http.ErrAbortHandler)
	default:
		// The file is incomplete: ending the connection tells the browser so.
		s.log.ErrorContext(req.Context(), "a download failed in the middle", "error", err)
		panic(http.ErrAbortHandler)
	}
}

func (s *Service) fail(w http.ResponseWriter, req *http.Request, err error) {
	unavailable := database.Unavailable(err)
	if tookTooLong(req.Context(), err) {
		unavailable = errTookTooLong
	}
	switch kind := fault.KindOf(err); {
	case kind == fault.NotFound, kind == fault.Forbidden, kind == fault.Unauthenticated:
		http.Error(w, "There is no such download.", http.StatusNotFound)
	case unavailable != nil:
		s.log.WarnContext(req.Context(), "a download failed", "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(max(unavailable.RetryAfter, 5)))
		http.Error(w, fault.Sentence(unavailable.Message), http.StatusServiceUnavailable)
	default:
		s.log.ErrorContext(req.Context(), "a download failed", "error", err)
		http.Error(w, "The file could not be made. Try again in a moment.", http.StatusInternalServerError)
	}
}

// errSilent ends a file because the database takes too long.
var errSilent = errors.New("the database takes too long")

var errTookTooLong = fault.Unavailablef("making the file takes too long at the moment; try again in a few seconds").
	After(5)

func tookTooLong(ctx context.Context, err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || database.TookTooLong(err) ||
		errors.Is(context.Cause(ctx), errSilent)
}

// record records a download before its first byte: without a record, nothing is sent.
// Texts that were searched for are not recorded.
func (s *Service) record(ctx context.Context, f file, organizationID int, q url.Values) error {
	e := audit.Event{Action: f.action, DistrictID: audit.ActorOf(ctx).DistrictID, OrganizationID: organizationID,
		Target: audit.On(globalid.Organization, organizationID), Facts: audit.Facts{"filtered": q.Get("filter") != ""}}
	if job, ok := globalid.Key(globalid.BulkJob, q.Get("job")); ok {
		e.JobID, e.Target, e.Facts = job, audit.On(globalid.BulkJob, job), nil
	}
	if student, ok := globalid.Key(globalid.Student, q.Get("student")); ok {
		e.Target, e.Facts = audit.On(globalid.Student, student), nil
	}
	return s.audit.Now(viewer.WithOperation(ctx, Path+f.name), e)
}

// lazy starts a file when its first byte is written.
type lazy struct {
	w       io.Writer
	start   func() error
	started bool
}

var _ io.Writer = (*lazy)(nil)

func (l *lazy) Write(p []byte) (int, error) {
	if !l.started {
		if err := l.start(); err != nil {
			return 0, err
		}
		l.started = true
	}
	return l.w.Write(p)
}
