package httpd

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/accept"
)

// limit limits the body of a request before anything is read, and its time unless it
// carries a file or streams.
func (s *Server) limit(a *answer, r *http.Request) {
	upload := isUpload(r)
	most := s.cfg.MaxRequestBytes
	if upload {
		most = s.cfg.MaxUploadBytes
	}
	if r.ContentLength > most {
		a.bodyFailed.Store(http.StatusRequestEntityTooLarge)
		a.Header().Set("Connection", "close")
		a.failBody()
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	switch {
	case isWebSocket(r):
		// It ends only when its client goes away, or the server stops.
		stop := context.AfterFunc(s.draining, cancel)
		defer stop()
	case accept.EventStream(r.Header):
		// Only the answer shows whether this becomes a stream. If it does not, a server
		// that stops lets it finish; the code that runs it limits its time.
		stop := func() bool { return true }
		a.streams = func() { stop = context.AfterFunc(s.draining, cancel) }
		defer func() { stop() }()
	case r.URL.Path == graphQLPath && !upload:
		ctx, cancel = context.WithTimeout(ctx, s.cfg.RequestTimeout)
		defer cancel()
	}
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = newBody(a, r.Body, most, s.cfg.RequestTimeout, upload, s.uploads)
	}
	s.mux.ServeHTTP(a, r)
}

// isUpload reports whether a request may carry files.
func isUpload(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "multipart/form-data" && r.Method == http.MethodPost && r.URL.Path == graphQLPath
}

// isWebSocket reports whether a request really opens a WebSocket. A header that merely
// says so gives no extra time.
func isWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

const (
	// An upload that has been arriving for uploadFrom must have brought leastUpload bytes
	// for each further second, or it is stopped. Otherwise a client that sends a byte now
	// and then could keep it, and its place, forever.
	uploadFrom  = time.Minute
	leastUpload = 32 << 10
)

// body is a request body with a limit on its size and on its time. For an ordinary body
// the time limit is for the whole. For an upload it is for each piece and, depending on
// the size, for the whole.
type body struct {
	io.ReadCloser
	answer   *answer
	patience time.Duration
	upload   bool
	ended    bool
	// late is when an upload is stopped unless more of it arrives.
	late time.Time
}

func newBody(a *answer, raw io.ReadCloser, most int64, patience time.Duration, upload bool,
	uploads time.Duration) *body {
	now := time.Now()
	// MaxBytesReader needs net/http's own writer, in order to close the connection instead
	// of reading the rest.
	b := &body{ReadCloser: http.MaxBytesReader(a.ResponseWriter, raw, most), answer: a, patience: patience, upload: upload,
		late: now.Add(uploads)}
	b.wait(now)
	return b
}

func (b *body) wait(now time.Time) {
	end := now.Add(b.patience)
	if b.upload && b.late.Before(end) {
		end = b.late
	}
	_ = b.answer.SetReadDeadline(end)
}

func (b *body) Read(p []byte) (int, error) {
	if b.upload && !b.ended {
		b.wait(time.Now())
	}
	over := b.answer.waiting()
	n, err := b.ReadCloser.Read(p)
	over()
	b.late = b.late.Add(time.Duration(n) * time.Second / leastUpload)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, io.EOF):
		// net/http has removed the deadline and now watches whether the client is still
		// there. Another deadline would end the request.
		b.ended = true
	case errors.As(err, &tooLarge):
		b.answer.bodyFailed.Store(http.StatusRequestEntityTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.answer.bodyFailed.Store(http.StatusRequestTimeout)
	}
	return n, err
}
