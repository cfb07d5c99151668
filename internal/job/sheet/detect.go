package sheet

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// DetectKind finds out the kind of a file: from its headers, from the roles in its rows,
// and in case of doubt from its name. If doubt remains, it returns no kind but the
// possible ones, if any, and a person has to decide. roles are the roles in the first
// rows; see RolesOf.
func (fs Formats) DetectKind(fileName string, headers []string, roles []Role) (kind bulkjob.Kind, fits []bulkjob.Kind) {
	kind, fits = fs.kindOf(fileName, headers)
	if len(roles) == 0 || kind != "" && !fs.of(kind).isOfPeople() {
		return kind, fits
	}
	people := fs.peopleThatFit(headers, kind)
	for _, k := range people {
		if all := fs.of(k).Roles; !slices.ContainsFunc(roles, func(role Role) bool { return !slices.Contains(all, role) }) {
			return k, nil
		}
	}
	// Staff in a file of students are passed over and reported; students in a file of
	// staff raise a doubt.
	if kind == "" || fs.of(kind).Roles[0] != Student || !slices.Contains(roles, Student) {
		for _, f := range fs {
			if f.isOfPeople() && slices.Contains(roles, f.Roles[0]) && !slices.Contains(people, f.Kind) {
				people = append(people, f.Kind)
			}
		}
		if slices.Sort(people); len(people) > 0 {
			fits = people
		}
		return "", fits
	}
	return kind, nil
}

func (fs Formats) kindOf(fileName string, headers []string) (kind bulkjob.Kind, fits []bulkjob.Kind) {
	guess, sure := fs.detect(headers)
	if sure {
		return guess, nil
	}
	named, isNamed := fs.kindByName(fileName)
	if isNamed {
		if _, p := fs.ReadHeader(named, headers); p == nil {
			return named, nil
		}
	}
	fits = fs.kindsThatFit(headers)
	if isNamed && len(fits) > 0 && fs.of(named).isOfPeople() {
		for _, other := range fits {
			if fs.disagree(named, other, headers) {
				return "", fs.peopleThatFit(headers, named)
			}
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case guess != "" && len(fits) == 2 && fs.areTwins(fits[0], fits[1]) &&
		len(fs.readable(fits[0], headers)) == len(fs.readable(fits[1], headers)):
		return guess, nil
	default:
		return "", fits
	}
}

// isOfPeople reports whether the rows of a kind are students or educators; lists of both
// have nearly the same columns.
func (f *Format) isOfPeople() bool { return len(f.Own) > 0 }

// disagree reports whether a file whose name says one kind of people would be read as
// another kind, and none of its headers shows that it is of that kind.
func (fs Formats) disagree(named, other bulkjob.Kind, headers []string) bool {
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = HeaderKey(h)
	}
	f := fs.of(other)
	return named != other && f.isOfPeople() && fs.of(named).isOfPeople() && !hasOne(keys, f.Own)
}

// peopleThatFit returns the kinds of people that can read a file, and also, which was
// found in another way.
func (fs Formats) peopleThatFit(headers []string, also bulkjob.Kind) (fits []bulkjob.Kind) {
	for _, f := range fs {
		if f.isOfPeople() && (f.Kind == also || len(fs.readable(f.Kind, headers)) > 0) {
			fits = append(fits, f.Kind)
		}
	}
	slices.Sort(fits)
	return fits
}

// RefuseByName refuses a file if its name says that it holds other people than the given
// kind, and nothing in its headers shows who is right.
func (fs Formats) RefuseByName(kind bulkjob.Kind, fileName string, headers []string) *row.Problem {
	named, known := fs.kindByName(fileName)
	if guess, sure := fs.detect(headers); !known || sure && guess == kind || !fs.disagree(named, kind, headers) {
		return nil
	}
	return row.Problemf(row.WrongKind,
		fmt.Sprintf("If it holds %s, upload it as %s. If it holds %s, rename the file, or add a column that only they have.",
			fs.plural(named), fs.plural(named), fs.plural(kind)),
		"The file is called %s, and no column shows that it holds %s.", quote.Text(row.Shorten(fileName, 100)),
		fs.plural(kind))
}

// rolesRead is how many rows are read to find the roles in them.
const rolesRead = 1000

// RolesOf returns the roles in the first rows of a file. next returns the cells of a row,
// and an error after the last one.
func RolesOf(headers []string, next func() ([]string, error)) (roles []Role) {
	at := slices.IndexFunc(headers, func(h string) bool {
		m := meanings[HeaderKey(h)]
		return m == aRole || m == aPersonType
	})
	if at < 0 {
		return nil
	}
	for range rolesRead {
		cells, err := next()
		if err != nil {
			break
		}
		if at >= len(cells) {
			continue
		}
		known, _ := rolesIn(roster.Clean(cells[at]))
		for _, role := range known {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

// areTwins reports whether files of two kinds can hold the very same.
func (fs Formats) areTwins(a, b bulkjob.Kind) bool { return fs.of(a).Twin == b || fs.of(b).Twin == a }

// kindsThatFit returns the kinds that can read a file. It leaves out a kind if another one
// reads all of its columns and more: then the file is of that other kind.
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

// readable returns the positions of the columns of a kind, or nothing if a file cannot
// be of that kind. One column under an alias is not enough evidence.
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
func (fs Formats) detect(headers []string) (kind bulkjob.Kind, sure bool) {
	keys := keysOf(headers)
	var first *Sign
	for _, f := range fs {
		for i := range f.Signs {
			if s := &f.Signs[i]; (first == nil || s.Rank < first.Rank) && s.isIn(keys) {
				kind, first = f.Kind, s
			}
		}
	}
	return kind, first != nil && first.Sure
}

// isIn reports whether headers, as they are compared, show the sign.
func (s *Sign) isIn(keys []string) bool {
	return !hasOne(keys, s.Lacks) && !slices.ContainsFunc(s.Has, func(list []string) bool { return !hasOne(keys, list) })
}

// hasOne reports whether one of the headers is in a list; see Sign.
func hasOne(keys, list []string) bool {
	return slices.ContainsFunc(list, func(header string) bool {
		wanted, begins := HeaderKey(header), strings.HasSuffix(header, "*")
		return slices.ContainsFunc(keys, func(key string) bool {
			return key == wanted && key != "" || begins && strings.HasPrefix(key, wanted)
		})
	})
}

// kindByName guesses from the name of a file.
func (fs Formats) kindByName(fileName string) (kind bulkjob.Kind, known bool) {
	name, rank := HeaderKey(fileName), 0
	for _, f := range fs {
		for _, w := range f.Words {
			if strings.Contains(name, w.Text) && (!known || w.Rank < rank) {
				kind, rank, known = f.Kind, w.Rank, true
			}
		}
	}
	return kind, known
}
