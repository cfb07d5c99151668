package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// maxStanding is how many sessions or keys one statement looks up.
const maxStanding = 1000

// SessionViewer returns the viewer of a session by its ID, for what that session has
// started. A session that has ended has none.
func (s *Service) SessionViewer(ctx context.Context, id int) (*viewer.Viewer, error) {
	found, err := s.Standing(ctx, []int{id})
	if err == nil && found[id] == nil {
		err = ErrSession
	}
	return found[id], err
}

// Standing returns the viewers of the given sessions that have not ended, by ID, with one
// statement for a thousand. It does not count as use.
func (s *Service) Standing(ctx context.Context, ids []int) (map[int]*viewer.Viewer, error) {
	now := s.instant()
	found := make(map[int]*viewer.Viewer, len(ids))
	for some := range slices.Chunk(ids, maxStanding) {
		query := "SELECT s.id, 0, " + ofSession +
			"WHERE s.id IN (" + marks(len(some)) +
			") AND s.expires_at > ? AND s.last_used_at > ? AND e.disabled = 0 ORDER BY s.id, r.id"
		err := s.load(ctx, func(v *viewer.Viewer, _ bool) {
			found[v.SessionID] = v
		}, query, append(values(some), now, now.Add(-s.idle))...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// StandingKeys returns the viewers of the given service keys that have not ended, by ID.
func (s *Service) StandingKeys(ctx context.Context, ids []int) (map[int]*viewer.Viewer, error) {
	found := make(map[int]*viewer.Viewer, len(ids))
	for some := range slices.Chunk(ids, maxStanding) {
		query := "SELECT id, organization_id, district_id, COALESCE(agent_id, 0), scopes, 0 FROM service_keys " +
			"WHERE id IN (" + marks(len(some)) + ") AND revoked_at IS NULL AND expires_at > ? AND " + credential.KeyStands
		err := s.loadKeys(ctx, func(k *viewer.Key, _ bool) {
			found[k.ID] = &viewer.Viewer{Key: k}
		}, query, append(values(some), s.instant())...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func values(ids []int) []any {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return list
}
