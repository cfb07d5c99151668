package rule_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ask is one question to the reference: may this viewer see or change a row? It
// answers with loops over all rows, so that it shares nothing with the rules.
type ask struct {
	*world
	v *viewer.Viewer
}

// holds says whether the viewer has one of some roles at an organization.
func (a ask) holds(organizationID int, roles ...viewer.Role) bool {
	for _, assigned := range a.v.Assignments {
		if assigned.OrganizationID == organizationID && slices.Contains(roles, assigned.Role) {
			return true
		}
	}
	return false
}

// is says whether the viewer has one of some roles anywhere.
func (a ask) is(roles ...viewer.Role) bool {
	for _, assigned := range a.v.Assignments {
		if slices.Contains(roles, assigned.Role) {
			return true
		}
	}
	return false
}

// find returns the row of a table with a key.
func (a ask) find(table string, id int) row {
	for _, r := range a.tables[table] {
		if r.id("id") == id {
			return r
		}
	}
	return row{}
}

// administers is about whatever has the columns district_id and organization_id.
func (a ask) administers(r row) bool {
	return a.holds(r.id("district_id"), viewer.DistrictAdmin) || a.holds(r.id("organization_id"), viewer.SchoolAdmin)
}

func (a ask) districtOf(r row) bool { return a.holds(r.id("district_id"), viewer.DistrictAdmin) }

func (a ask) organizationAdministered(r row) bool {
	return a.districtOf(r) || a.holds(r.id("id"), viewer.SchoolAdmin)
}

func (a ask) organization(r row) bool {
	return a.organizationAdministered(r) || a.holds(r.id("id"), viewer.Teacher)
}

func (a ask) teaches(groupID, educatorID int) bool {
	for _, t := range a.tables["group_educators"] {
		if t.id("group_id") == groupID && t.id("educator_id") == educatorID {
			return true
		}
	}
	return false
}

func (a ask) group(r row) bool {
	return a.administers(r) || a.is(viewer.Teacher) && a.teaches(r.id("id"), a.v.EducatorID)
}

func (a ask) ofGroup(r row) bool { return a.group(a.find("groups", r.id("group_id"))) }

func (a ask) studentAdministered(r row) bool { return r["deleted_at"] == nil && a.administers(r) }

func (a ask) studentEdited(r row) bool {
	if r["deleted_at"] != nil {
		return false
	}
	for _, e := range a.tables["enrollments"] {
		if e.id("student_id") == r.id("id") && a.is(viewer.Teacher) && a.teaches(e.id("group_id"), a.v.EducatorID) {
			return true
		}
	}
	return a.administers(r)
}

func (a ask) student(r row) bool {
	grouped := slices.ContainsFunc(a.tables["enrollments"], func(e row) bool { return e.id("student_id") == r.id("id") })
	return a.studentEdited(r) || r["deleted_at"] == nil && !grouped && a.holds(r.id("organization_id"), viewer.Teacher)
}

func (a ask) ofStudent(r row) bool { return a.student(a.find("students", r.id("student_id"))) }

func (a ask) educator(r row) bool {
	if r.id("id") == a.v.EducatorID || a.districtOf(r) {
		return true
	}
	for _, role := range a.tables["role_assignments"] {
		if role.id("educator_id") == r.id("id") && a.holds(role.id("organization_id"), viewer.SchoolAdmin, viewer.Teacher) {
			return true
		}
	}
	for _, g := range a.tables["groups"] {
		if a.is(viewer.SchoolAdmin, viewer.Teacher) && a.group(g) && a.teaches(g.id("id"), r.id("id")) {
			return true
		}
	}
	return false
}

// educatorEdited is true for people to whom the viewer could grant everything that they
// have.
func (a ask) educatorEdited(r row) bool { return r.id("service") == 0 && a.educatorGranted(r) }

// educatorGranted is true if every role of the educator, and at least one, is at a school
// that the viewer administers, and so is every group that the educator teaches.
func (a ask) educatorGranted(r row) bool {
	roles := 0
	for _, role := range a.tables["role_assignments"] {
		if role.id("educator_id") == r.id("id") {
			if roles++; !a.holds(role.id("organization_id"), viewer.SchoolAdmin) {
				return a.districtOf(r)
			}
		}
	}
	for _, teaching := range a.tables["group_educators"] {
		if teaching.id("educator_id") == r.id("id") &&
			!a.holds(a.find("groups", teaching.id("group_id")).id("organization_id"), viewer.SchoolAdmin) {
			return a.districtOf(r)
		}
	}
	return roles > 0 || a.districtOf(r)
}

func (a ask) role(r row) bool {
	return r.id("educator_id") == a.v.EducatorID || a.organization(a.find("organizations", r.id("organization_id")))
}

func (a ask) own(r row) bool { return r.id("educator_id") == a.v.EducatorID }

func (a ask) job(r row) bool {
	if a.administers(r) {
		return true
	}
	if r.id("submitted_by") != a.v.EducatorID {
		return false
	}
	if a.holds(r.id("organization_id"), viewer.Teacher) && teachersKind(r.text("kind")) {
		return true
	}
	if r.id("organization_id") != a.v.DistrictID || r["schools"] == nil {
		return false
	}
	return a.is(viewer.SchoolAdmin) && a.all(r.text("schools"), viewer.SchoolAdmin) ||
		a.is(viewer.Teacher) && (r.text("kind") == "EDIT_STUDENTS" ||
			r.text("kind") == "DELETE_STUDENTS" && a.is(viewer.SchoolAdmin)) &&
			a.all(r.text("schools"), viewer.SchoolAdmin, viewer.Teacher)
}

// ofJob is about a row of a job, or a problem of it: only the submitter and the district
// see one that names something outside the school.
func (a ask) ofJob(r row) bool {
	j := a.find("bulk_jobs", r.id("job_id"))
	return a.job(j) && (r.id("outside") == 0 || j.id("submitted_by") == a.v.EducatorID || a.districtOf(j))
}

// refusedRow is as ofJob, of a job that is seen.
func (a ask) refusedRow(r row) bool {
	j := a.find("bulk_jobs", r.id("job_id"))
	return r.id("outside") == 0 || j.id("submitted_by") == a.v.SubmitterID() || a.districtOf(j)
}

// all says whether the viewer has one of some roles at each of the schools |1||2|.
func (a ask) all(schools string, roles ...viewer.Role) bool {
	for school := range strings.SplitSeq(strings.Trim(schools, "|"), "||") {
		var id int
		if _, err := fmt.Sscan(school, &id); err == nil && !a.holds(id, roles...) {
			return false
		}
	}
	return true
}

func teachersKind(kind string) bool {
	return kind == "IMPORT_STUDENTS" || kind == "IMPORT_GROUPS" || kind == "EDIT_STUDENTS"
}

// What programs see.

func (a ask) organizationOfKey(r row) bool {
	k := a.v.Key
	return r.id("id") == k.OrganizationID || r.id("district_id") == k.OrganizationID
}

func (a ask) jobOfKey(r row) bool {
	return r.id("submitted_by") == a.v.Key.AgentID && slices.Contains(a.v.Key.Scopes, viewer.RosterImport)
}

func (a ask) ofJobOfKey(r row) bool { return a.jobOfKey(a.find("bulk_jobs", r.id("job_id"))) }
