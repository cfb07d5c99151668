package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
)

// DetectKind finds out from the headers of a file, and in case of doubt from its name,
// what the file holds. If the doubt remains, it returns no kind, but the possible
// ones, if any, and a person has to decide.
func (fs Formats) DetectKind(fileName string, headers []string) (kind bulkjob.Kind, fits []bulkjob.Kind) {
	guess, sure := fs.detect(headers)
	if sure {
		return guess, nil
	}
	if named, ok := fs.kindByName(fileName); ok {
		if _, p := fs.ReadHeader(named, headers); p == nil {
			return named, nil
		}
	}
	fits = fs.kindsThatFit(headers)
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
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = HeaderKey(h)
	}
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
