package job

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// checkerOf returns what checks the rows of a job for a viewer, or why none of them
// can be checked.
func (s *Service) checkerOf(ctx context.Context, job *db.BulkJob, v *viewer.Viewer) (kind.Checker,
	*row.Problem, error) {
	k := s.kinds[job.Kind]
	if k == nil {
		return nil, nil, fmt.Errorf("a job of kind %s is of none that this server knows", job.Kind)
	}
	passwords, err := s.vault.SealOf(job.ID, vault.ForPasswords)
	if err != nil {
		return nil, nil, err
	}
	c, err := reach.NewCheck(ctx, s.env(), job, v, passwords)
	if err != nil {
		return nil, nil, err
	}
	return k.Checker(ctx, c)
}

// fileChecker is checkerOf for a file, which is refused row by row.
func (s *Service) fileChecker(ctx context.Context, job *db.BulkJob, v *viewer.Viewer) (kind.Checker, error) {
	c, refusal, err := s.checkerOf(ctx, job, v)
	if err == nil && refusal != nil {
		err = fmt.Errorf("the file of job %d cannot be checked: %s", job.ID, refusal.Message)
	}
	if err != nil {
		return nil, err
	}
	return passing{c, s.now()}, nil
}
