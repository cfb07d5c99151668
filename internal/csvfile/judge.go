package csvfile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// reading is the pieces of a file as they read in one code page.
type reading struct {
	page  *codePage
	texts []string
	looks []verdict
}

// judge finds out the code page of a file. Names are short, so the frequencies of letters
// say little. What helps is the case within a word, the signs next to letters, and which
// letters are next to each other in names. A file is accepted if one code page explains it
// and no other one does nearly as well. It is refused if two do, and the message shows the
// names in each, because a name that was read wrongly is hard to find afterwards.
//
// Nearly all of these files are in Windows-1252, so that is assumed until another code
// page explains the file better.
func (s *samples) judge() (Encoding, error) {
	var all []*reading
	for _, p := range codePages {
		if !p.has(&s.bytes) {
			continue
		}
		r := s.read(p)
		if !slices.ContainsFunc(all, func(other *reading) bool { return slices.Equal(r.texts, other.texts) }) {
			all = append(all, r)
		}
	}
	var plausible []*reading
	for _, r := range all {
		if r.explains(all) {
			return r.page.name, nil
		}
		if r.evidence(nil) > 0 {
			plausible = append(plausible, r)
		}
	}
	if len(plausible) == 0 {
		if ansi := slices.IndexFunc(all, func(r *reading) bool { return r.page.name == Windows1252 }); ansi >= 0 &&
			5*all[ansi].count(wrong, nil) <= len(s.pieces) {
			return Windows1252, nil
		}
		return "", notKnownText()
	}
	return "", unclearEncoding(plausible, all)
}

func (s *samples) read(p *codePage) *reading {
	r := &reading{page: p}
	for _, piece := range s.pieces {
		text := string(p.appendUTF8(nil, []byte(piece)))
		r.texts = append(r.texts, text)
		look := odd
		if !utf8.ValidString(piece) { // UTF-8 within other text is no evidence for a code page.
			look = looksLike(text, p.letters)
		}
		r.looks = append(r.looks, look)
	}
	return r
}

// count counts the pieces with a verdict, among those that the other reading reads
// differently.
func (r *reading) count(look verdict, than *reading) (n int) {
	for i, l := range r.looks {
		if l == look && (than == nil || r.texts[i] != than.texts[i]) {
			n++
		}
	}
	return n
}

// evidence is how much speaks for a reading, among the pieces that the other reading reads
// differently.
func (r *reading) evidence(than *reading) int {
	return r.count(named, than) - 2*r.count(wrong, than)
}

// differing counts the pieces that the other reading reads differently.
func (r *reading) differing(than *reading) (n int) {
	for i := range r.texts {
		if r.texts[i] != than.texts[i] {
			n++
		}
	}
	return n
}

// enough is how many different words must speak for a code page that is not the usual one.
const enough = 2

// enough returns 1 if the other code page makes nonsense of the file, or is used for the
// same languages.
func (r *reading) enough(than *reading) int {
	if (than.count(wrong, r) > 0 || than.page.letters == r.page.letters) && r.count(named, nil) >= enough {
		return 1
	}
	return enough
}

// explains reports whether this reading, and no other one, makes sense of the file.
func (r *reading) explains(all []*reading) bool {
	usual := r.page.name == Windows1252
	if 50*r.count(wrong, nil) > len(r.looks) {
		return false
	}
	for _, other := range all {
		if other == r {
			continue
		}
		mine, others := r.evidence(other), max(other.evidence(r), 0)
		switch {
		case usual && others > max(mine, 0) && 2*others >= r.differing(other):
			return false
		case !usual && (mine < r.enough(other) || mine < 2*others+enough && others > 0):
			return false
		}
	}
	return usual || 2*r.count(named, nil) > len(r.looks)
}

// names quotes up to three pieces that the given readings do not all read alike.
func (r *reading) names(shown []*reading) string {
	var list []string
	for i, text := range r.texts {
		same := !slices.ContainsFunc(shown, func(other *reading) bool { return other.texts[i] != text })
		if len(list) < 3 && !same {
			list = append(list, quote.Text(text))
		}
	}
	return strings.Join(list, ", ")
}
