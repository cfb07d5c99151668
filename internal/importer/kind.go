package importer

import (
	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/organization"
	"homeroom/internal/fault"
	"homeroom/internal/quote"
	"homeroom/internal/viewer"
)

// what names what the rows of a file are, in the plural.
var what = map[bulkjob.Kind]string{
	bulkjob.KindIMPORT_ORGANIZATIONS: "schools",
	bulkjob.KindIMPORT_EDUCATORS:     "educators",
	bulkjob.KindIMPORT_GROUPS:        "classes and groups",
	bulkjob.KindIMPORT_STUDENTS:      "students",
	bulkjob.KindIMPORT_ENROLLMENTS:   "enrollments",
}

// maySubmit checks that a viewer may submit, or start, a job of a kind at an
// organization that the viewer sees. The policy of jobs says the same when one
// is created; here it is said in words.
func maySubmit(v *viewer.Viewer, o *db.Organization, kind bulkjob.Kind) error {
	switch {
	case what[kind] == "":
		return fault.Invalidf("%s is not a kind of file that can be imported", quote.Text(kind)).At("kind")
	case kind == bulkjob.KindIMPORT_ORGANIZATIONS && o.Type != organization.TypeDISTRICT:
		return fault.Forbiddenf("schools are imported into a district, by its administrators").At("organizationId")
	case v.Administers(o.ID, o.DistrictID), v.Holds(viewer.RosterImport, o.ID, o.DistrictID):
		return nil
	case v.TeachesAt(o.ID) && (kind == bulkjob.KindIMPORT_STUDENTS || kind == bulkjob.KindIMPORT_GROUPS):
		return nil
	case v.TeachesAt(o.ID):
		return fault.Forbiddenf("teachers import students and groups; ask an administrator to import %s", what[kind]).At("kind")
	default:
		return fault.Forbiddenf("you cannot import %s into %s", what[kind], o.Name).At("organizationId")
	}
}

// noun is what people call a job of a kind.
func noun(kind bulkjob.Kind) string {
	switch kind {
	case bulkjob.KindEDIT_STUDENTS:
		return "edit"
	case bulkjob.KindDELETE_STUDENTS:
		return "deletion"
	default:
		return "upload"
	}
}

// inWords says what a job is doing, for people who asked it for something else.
var inWords = map[bulkjob.Status]string{
	bulkjob.StatusVERIFYING:             "is still being checked",
	bulkjob.StatusREADY:                 "is waiting to be started",
	bulkjob.StatusPROCESSING:            "has been started already",
	bulkjob.StatusCOMPLETED:             "has been completed already",
	bulkjob.StatusCOMPLETED_WITH_ERRORS: "has been completed already, with some rows refused",
	bulkjob.StatusFAILED:                "has failed, and nothing was written",
	bulkjob.StatusHELD:                  "waits for another administrator to approve it",
	bulkjob.StatusCANCELED:              "has been canceled",
	bulkjob.StatusUNDOING:               "is being undone",
	bulkjob.StatusUNDONE:                "has been undone",
	bulkjob.StatusPARTIALLY_UNDONE:      "has been undone as far as possible",
}
