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
	case isStream(r):
		// A stream ends only when its client goes away.
		stop := context.AfterFunc(s.draining, cancel)
		defer stop()
	case r.URL.Path == graphQLPath && !upload:
		ctx, cancel = context.WithTimeout(ctx, s.cfg.RequestTimeout)
		defer cancel()
	}
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = newBody(a, r.Body, most, s.cfg.RequestTimeout, upload)
	}
	s.mux.ServeHTTP(a, r)
}

// isUpload reports whether a request may carry files.
func isUpload(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "multipart/form-data" && r.Method == http.MethodPost && r.URL.Path == graphQLPath
}

// isStream reports whether the client decides how long the answer goes on.
func isStream(r *http.Request) bool {
	return isWebSocket(r) || strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// isWebSocket reports whether a request really opens a WebSocket. A header that merely
// says so gives no extra time.
func isWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// body is a request body with a limit on its size and on its time: the whole of an
// ordinary body, each piece of an upload.
type body struct {
	io.ReadCloser
	answer   *answer
	patience time.Duration
	upload   bool
	ended    bool
}

func newBody(a *answer, raw io.ReadCloser, most int64, patience time.Duration, upload bool) *body {
	// MaxBytesReader needs net/http's own writer, in order to close the connection instead
	// of reading the rest.
	b := &body{ReadCloser: http.MaxBytesReader(a.ResponseWriter, raw, most), answer: a, patience: patience, upload: upload}
	b.wait()
	return b
}

func (b *body) wait() { _ = b.answer.control.SetReadDeadline(time.Now().Add(b.patience)) }

func (b *body) Read(p []byte) (int, error) {
	if b.upload && !b.ended {
		b.wait()
	}
	n, err := b.ReadCloser.Read(p)
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
