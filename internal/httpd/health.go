package httpd

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
)

// readyTimeout is how long the database may take to answer.
const readyTimeout = 2 * time.Second

type health struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

// healthz says that the process is alive. A supervisor that gets no answer restarts it.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, health{Status: "ok"})
}

// readyz says whether the server can do its work. A load balancer sends requests elsewhere
// if it cannot. Everybody may ask; it tells no details.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	reasons := s.notReady(r.Context())
	if len(reasons) > 0 {
		w.Header().Set("Retry-After", "5")
		writeJSON(w, http.StatusServiceUnavailable, health{Status: "not ready", Reasons: reasons})
		return
	}
	writeJSON(w, http.StatusOK, health{Status: "ready"})
}

// notReady returns the reasons why the server cannot work. Anybody may ask, so
// simultaneous requests share one look at the database.
func (s *Server) notReady(ctx context.Context) []string {
	found := s.looking.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		defer cancel()
		return s.troubles(ctx), nil
	})
	var reasons []string
	if s.draining.Err() != nil {
		reasons = append(reasons, "the server is stopping")
	}
	select {
	case r := <-found:
		return append(reasons, r.Val.([]string)...)
	case <-ctx.Done():
		return reasons // there is nobody to answer
	}
}

// troubles returns the troubles of the database and of the disk.
func (s *Server) troubles(ctx context.Context) (reasons []string) {
	if err := s.db.Ping(ctx); err != nil {
		s.log.WarnContext(ctx, "the database does not answer", "error", err)
		return append(reasons, "the database does not answer")
	}
	switch pending, err := s.db.Pending(ctx); {
	case err != nil:
		s.log.WarnContext(ctx, "the migrations cannot be read", "error", err)
		reasons = append(reasons, "the migrations cannot be read")
	case len(pending) > 0:
		reasons = append(reasons, fmt.Sprintf("%d migrations of the database have not been applied", len(pending)))
	}
	switch s.db.Writable(ctx) {
	case database.ReadOnly:
		reasons = append(reasons, "the database is read-only")
	case database.Full:
		reasons = append(reasons, "the database is full")
	}
	if s.folder != "" && !database.HasRoom(s.folder) {
		reasons = append(reasons, "the data folder has no room")
	}
	return reasons
}
