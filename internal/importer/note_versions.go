package importer

import (
	"context"
	"fmt"
	"homeroom/ent/db"
)

// noteVersions reads the versions that the targets of a batch have when all of
// it has been written. Where a kind has no versions, or ones that grow with every
// member, an undo compares the values.
func (s writing) noteVersions(ctx context.Context, client *db.Client, b *attempt) error {
	k, ok := s.kinds[b.job.Kind].(versioned)
	if !ok {
		return nil
	}
	versions, err := k.versions(ctx, client, grouped(b.open(), func(r *plannedRow) []int { return []int{r.TargetID} }))
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		if r.createdID != 0 {
			continue // Nobody else can have changed what this transaction has created.
		}
		if r.version = versions[r.TargetID]; r.version == 0 {
			return fmt.Errorf("the target of row %d was not found again", r.Row)
		}
	}
	return nil
}
