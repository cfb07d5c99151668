package importer

import (
	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/fault"
	"homeroom/internal/quote"
	"homeroom/internal/viewer"
)

// about returns what is said of a kind; nothing is of one that is not in the table.
func (s *Service) about(name bulkjob.Kind) *about {
	if k := s.kinds[name]; k != nil {
		return k.about()
	}
	return &about{Format: Format{Kind: name}, Noun: "upload"}
}

// noun is what people call a job.
func (s *Service) noun(job *db.BulkJob) string { return s.about(job.Kind).Noun }

// bySelection reports whether the rows of a job are students of a selection and
// not those of a file.
func (s *Service) bySelection(name bulkjob.Kind) bool { return s.about(name).Selected }

// maySubmit checks that a viewer may submit, or start, a job of a kind at an
// organization that the viewer sees. The policy of jobs says the same when one
// is created; here it is said in words.
func (s *Service) maySubmit(v *viewer.Viewer, o *db.Organization, name bulkjob.Kind) error {
	k := s.about(name)
	switch {
	case k.Plural == "":
		return fault.Invalidf("%s is not a kind of file that can be imported", quote.Text(name)).At("kind")
	case k.OfDistrict && o.ID != o.DistrictID:
		return fault.Forbiddenf("%s are imported into a district, by its administrators", k.Plural).At("organizationId")
	case v.Administers(o.ID, o.DistrictID), v.Holds(viewer.RosterImport, o.ID, o.DistrictID):
		return nil
	case v.TeachesAt(o.ID) && k.ByTeachers:
		return nil
	case v.TeachesAt(o.ID):
		return fault.Forbiddenf("teachers import students and groups; ask an administrator to import %s", k.Plural).At("kind")
	default:
		return fault.Forbiddenf("you cannot import %s into %s", k.Plural, o.Name).At("organizationId")
	}
}

// maySelect checks that a viewer may have students of a selection edited or
// deleted somewhere; where exactly, each row says.
func (s *Service) maySelect(v *viewer.Viewer, name bulkjob.Kind) error {
	switch {
	case s.about(name).Deletes && !v.IsAdmin():
		return fault.Forbiddenf("only administrators delete students").At("selection")
	case !v.IsAdmin() && !v.IsTeacher():
		return fault.Forbiddenf("you have no role with which students are edited").At("selection")
	default:
		return nil
	}
}
