package importer

import (
	"homeroom/ent/db"
)

// noun is what people call a job.
func (s *Service) noun(job *db.BulkJob) string { return s.kinds.about(job.Kind).Noun }
