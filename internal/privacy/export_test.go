package privacy

import "context"

// Look purges if it is due, as a server does every minute.
func (s *Service) Look(ctx context.Context, hour int) { s.look(ctx, hour) }
