package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
)

// DetectKind says what a file holds, from its headers and, where those leave a
// doubt, from its name. Where the doubt remains, it returns no kind but those that
// may be meant, or none of them, and somebody has to say.
func (fs Formats) DetectKind(fileName string, headers []string) (kind bulkjob.Kind, fits []bulkjob.Kind) {
	guess, sure := detect(headers)
	if sure {
		return guess, nil
	}
	if named, ok := kindByName(fileName); ok {
		if _, p := fs.ReadHeader(named, headers); p == nil {
			return named, nil
		}
	}
	fits = fs.kindsThatFit(headers)
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case guess != "" && len(fits) == 2 && fits[0] == bulkjob.KindIMPORT_ENROLLMENTS &&
		fits[1] == bulkjob.KindIMPORT_STUDENTS &&
		len(fs.readable(fits[0], headers)) == len(fs.readable(fits[1], headers)):
		// Students and their groups, and nothing else, are the same either way.
		return guess, nil
	default:
		return "", fits
	}
}

// kindsThatFit returns the kinds that a file can be read as, but for those of which
// another one reads all columns, and more: it is that one, then.
func (fs Formats) kindsThatFit(headers []string) []bulkjob.Kind {
	reads := map[bulkjob.Kind][]int{}
	for _, f := range fs {
		if at := fs.readable(f.Kind, headers); len(at) > 0 {
			reads[f.Kind] = at
		}
	}
	var fits []bulkjob.Kind
	for _, kind := range slices.Sorted(maps.Keys(reads)) {
		less := false
		for _, other := range reads {
			less = less || len(other) > len(reads[kind]) &&
				!slices.ContainsFunc(reads[kind], func(at int) bool { return !slices.Contains(other, at) })
		}
		if !less {
			fits = append(fits, kind)
		}
	}
	return fits
}

// readable returns where the columns of a kind stand, or nothing where a file cannot
// be of that kind. One column by another name than its own says too little.
func (fs Formats) readable(kind bulkjob.Kind, headers []string) []int {
	l, p := fs.ReadHeader(kind, headers)
	if p != nil {
		return nil
	}
	if len(l.Index) == 1 {
		for name, header := range l.Header {
			if HeaderKey(name) != HeaderKey(header) {
				return nil
			}
		}
	}
	return slices.Sorted(maps.Values(l.Index))
}

// detect says what the headers of a file fit, and whether they fit nothing else.
// A kind that is not sure is the likelier one; an empty kind is no idea at all.
func detect(headers []string) (kind bulkjob.Kind, sure bool) {
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = HeaderKey(h)
	}
	any := func(names ...string) bool { return len(Positions(keys, names)) > 0 }
	begins := func(prefixes ...string) bool {
		return slices.ContainsFunc(keys, func(k string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(k, p) })
		})
	}

	section := any("Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID", "Class ID", "Group ID",
		"Group External ID", "Group Database ID", "Section", "Group", "Class")
	person := any("SIS ID", "Student SIS ID", "Student ID", "User Sourced ID", "User ID", "Student External ID",
		"Teacher SIS ID", "Teacher ID", "Educator ID", "External ID", "Database ID")
	named := any("Name", "Title", "Section Name", "Class Name", "Group Name", "School Name")
	member := any("Person ID", "Student ID", "Student SIS ID", "Student External ID", "Student Number", "User ID",
		"User Sourced ID")
	switch {
	case any("Person ID") && !any("Student ID", "Student SIS ID") &&
		(section || any("Classes/Groups", "Classes", "Groups", "Section Name", "Class Name", "Group Name")):
		return bulkjob.KindIMPORT_ENROLLMENTS, true
	case any("First Name", "Given Name") && any("Last Name", "Family Name", "Surname"):
		student := any("Student ID", "Student Number", "Grade", "Grade Level", "Grades", "Classes/Groups", "Graduation Year",
			"Student SIS ID")
		educator := any("Role", "Account Type", "Qualification", "Title") || begins("teacher", "educator", "staff")
		switch {
		case section:
			// The names may only be there to read, beside the IDs of an enrollment.
			return bulkjob.KindIMPORT_STUDENTS, false
		case student && !educator:
			return bulkjob.KindIMPORT_STUDENTS, true
		case educator && !student:
			return bulkjob.KindIMPORT_EDUCATORS, true
		case any("Email", "Email Address") && !student:
			return bulkjob.KindIMPORT_EDUCATORS, false
		default:
			return bulkjob.KindIMPORT_STUDENTS, false
		}
	case any("Classes/Groups", "Classes", "Groups") && any("Student ID", "Database ID", "Student SIS ID"):
		return bulkjob.KindIMPORT_STUDENTS, false
	case section && person && !named:
		return bulkjob.KindIMPORT_ENROLLMENTS,
			any("Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID") && !any("Password", "Grade", "Username")
	case any("Section Name", "Class Name", "Group Name"):
		// A name beside an ID may be a class with its own ID, or with that of a person.
		return bulkjob.KindIMPORT_GROUPS,
			!any("First Name", "Last Name") && !member && (any("School") || begins("school", "term", "course", "org"))
	case named && begins("principal", "schoolnces", "schoolnumber", "gradelow"):
		return bulkjob.KindIMPORT_ORGANIZATIONS, true
	case any("Name", "Title") &&
		(any("School", "Educators", "Course ID") ||
			begins("schoolsis", "schoolsourced", "schoolid", "term", "course", "class")):
		return bulkjob.KindIMPORT_GROUPS, false
	case any("Name", "School Name") && (any("SIS ID", "External ID", "School ID", "School SIS ID", "sourcedId", "Type")):
		return bulkjob.KindIMPORT_ORGANIZATIONS, false
	default:
		return "", false
	}
}

// kindByName guesses from the name of a file. StudentEnrollment and TeacherRoster
// are enrollments, so these words come first.
func kindByName(fileName string) (bulkjob.Kind, bool) {
	name := HeaderKey(fileName)
	for _, guess := range []struct {
		word string
		kind bulkjob.Kind
	}{
		{"enrol", bulkjob.KindIMPORT_ENROLLMENTS}, {"roster", bulkjob.KindIMPORT_ENROLLMENTS},
		{"student", bulkjob.KindIMPORT_STUDENTS}, {"pupil", bulkjob.KindIMPORT_STUDENTS},
		{"teacher", bulkjob.KindIMPORT_EDUCATORS}, {"educator", bulkjob.KindIMPORT_EDUCATORS},
		{"staff", bulkjob.KindIMPORT_EDUCATORS}, {"section", bulkjob.KindIMPORT_GROUPS}, {"class", bulkjob.KindIMPORT_GROUPS},
		{"group", bulkjob.KindIMPORT_GROUPS}, {"school", bulkjob.KindIMPORT_ORGANIZATIONS},
		{"org", bulkjob.KindIMPORT_ORGANIZATIONS},
	} {
		if strings.Contains(name, guess.word) {
			return guess.kind, true
		}
	}
	return "", false
}
