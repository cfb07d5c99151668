package sheet

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/field"
)

// headerForms are the forms in which a header is looked for, from what it says to what it
// probably means. Only if no header says what a column is called, the next form is tried.
type headerForms struct {
	// said is the header as it stands there.
	said string
	// plain is the header without what is not part of the name, as in "Last Name (required)".
	plain string
	// usual are names of the same in the words of our columns, as Last Name for Apellido.
	usual []string
	// parted is the last part of a name with points, as in student.lastName, and own are
	// names without a word that says whose they are, as in Student First Name; see
	// Format.Whose.
	parted string
	own    map[string]string
}

// remarks are what people write beside a column name.
var remarks = regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>`)

// numberSigns are ways to write "number" at the end of a column name.
var numberSigns = regexp.MustCompile(`(?i)\s*(#|№|\bno\.?|\bnr\.?|\bnum\.?|\bn[°º])\s*$`)

// plainKey is the key of a header without remarks and signs. One that is nothing else
// stays as it is.
func plainKey(header string) string {
	if key := HeaderKey(numberSigns.ReplaceAllString(strings.TrimRight(remarks.ReplaceAllString(header, " "), " *:.!?"),
		" Number")); key != "" && key != "number" {
		return key
	}
	return HeaderKey(header)
}

func formsOf(header string) headerForms {
	m := headerForms{said: HeaderKey(header), plain: plainKey(header)}
	m.usual = usual[m.plain]
	if at := strings.LastIndexAny(header, ".|"); at > 0 && at < len(header)-1 {
		m.parted = plainKey(header[at+1:])
		m.usual = slices.Concat(m.usual, usual[m.parted])
	}
	if a, b, is := strings.Cut(header, "/"); is && len(m.usual) == 0 {
		m.usual = slices.Concat(usual[plainKey(a)], usual[plainKey(b)])
	}
	for word, whose := range owners {
		for _, key := range []string{m.plain, m.parted} {
			if rest, is := strings.CutPrefix(key, word); is && rest != "" {
				m.own = add(m.own, whose, rest)
			}
		}
	}
	return m
}

func add(own map[string]string, whose, rest string) map[string]string {
	if own == nil {
		own = map[string]string{}
	}
	if len(own[whose]) == 0 || len(rest) < len(own[whose]) {
		own[whose] = rest // Students.First_Name is First Name, and not s.First_Name.
	}
	return own
}

// The things that headers speak of; see Format.Whose.
const (
	OwnStudent  = "student"
	OwnEducator = "educator"
	OwnGroup    = "group"
	OwnSchool   = "school"
)

// owners are words at the beginning of a header that say whose the value is.
var owners = map[string]string{
	"student": OwnStudent, "students": OwnStudent, "stu": OwnStudent, "stud": OwnStudent, "pupil": OwnStudent,
	"learner": OwnStudent, "child": OwnStudent, "legal": OwnStudent, "studentlegal": OwnStudent,
	"teacher": OwnEducator, "teachers": OwnEducator, "staff": OwnEducator, "instructor": OwnEducator,
	"educator": OwnEducator, "employee": OwnEducator, "faculty": OwnEducator, "work": OwnEducator,
	"stafflegal": OwnEducator, "section": OwnGroup, "class": OwnGroup, "group": OwnGroup,
	"school": OwnSchool, "org": OwnSchool, "organization": OwnSchool,
}

// at is what a header means on one level for things of some kind: what it says, its plain
// form, its usual name, and the same without a word for the thing.
func (m *headerForms) at(level int, whose string) []string {
	switch level {
	case 0:
		return []string{m.said}
	case 1:
		return []string{m.plain}
	case 2:
		if m.parted != "" {
			return append([]string{m.parted}, m.usual...)
		}
		return m.usual
	default:
		rest := m.own[whose]
		if rest == "" {
			return nil
		}
		return append([]string{rest}, usual[rest]...)
	}
}

// levels is how many forms of a header are tried; from guessed on a header does not say
// itself what it is.
const (
	levels  = 4
	guessed = 2
)

// keysOf are all forms of headers by which a kind of file is recognized. Words for
// educators stay: a list of classes may have the names of their teachers.
func keysOf(headers []string) []string {
	var keys []string
	for _, h := range headers {
		m := formsOf(h)
		for level := range levels {
			keys = append(keys, m.at(level, OwnStudent)...)
		}
	}
	return keys
}

// find returns the positions of the headers that mean a column on a level.
func (f *Format) find(all []headerForms, taken []bool, c field.Column, level int) []int {
	keys := make([][]string, len(all))
	for i := range all {
		if !taken[i] {
			keys[i] = all[i].at(level, f.Whose)
		}
	}
	at := among(keys, append([]string{c.Name}, c.Aliases...))
	for _, name := range c.Instead {
		if len(at) == 0 {
			at = among(keys, []string{name})
		}
	}
	return at
}

// Likely returns the positions of all headers that may mean a column, in whatever form.
func (f *Format) Likely(column string, headers []string) (at []int) {
	c, known := f.Column(column)
	if !known {
		return nil
	}
	for i, h := range headers {
		m := formsOf(h)
		for level := range levels {
			if len(among([][]string{m.at(level, f.Whose)}, slices.Concat(c.Headers(), c.Weak))) > 0 {
				at = append(at, i)
				break
			}
		}
	}
	return at
}

// among returns the positions of headers one of whose forms is one of the names.
func among(keys [][]string, names []string) (at []int) {
	for i, forms := range keys {
		if slices.ContainsFunc(forms, func(key string) bool {
			return key != "" && slices.ContainsFunc(names, func(name string) bool { return HeaderKey(name) == key })
		}) {
			at = append(at, i)
		}
	}
	return at
}

// isPassword reports whether a header speaks of passwords, in the languages in which headers
// are understood.
func isPassword(header string) bool {
	key := HeaderKey(header)
	return slices.ContainsFunc(passwordWords, func(word string) bool { return strings.Contains(key, word) })
}

var passwordWords = []string{"password", "passcode", "passwort", "kennwort", "contrasena", "motdepasse", "senha",
	"clave"}

// dictionary.txt says what it holds.
//
//go:embed dictionary.txt
var dictionary string

// usual are the keys of our columns by the keys of the words of the dictionary.
var usual = turned(dictionary)

func turned(dictionary string) map[string][]string {
	all, column := map[string][]string{}, ""
	for line := range strings.Lines(dictionary) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := line
		if name, rest, begins := strings.Cut(line, ":"); begins {
			column, words = HeaderKey(name), rest
		}
		for word := range strings.SplitSeq(words, ",") {
			if key := HeaderKey(word); key != "" && !slices.Contains(all[key], column) {
				all[key] = append(all[key], column)
			}
		}
	}
	return all
}
