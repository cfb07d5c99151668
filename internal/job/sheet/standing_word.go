package sheet

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// standingWords holds the lists of headers and words.
//
//go:embed standing_words.txt
var standingWords string

// meanings are the headers that say which rows count, as headers are compared.
var meanings = meaningsOf(map[string]meaning{
	"headers aStatus": aStatus, "headers aCode": aCode, "headers isActive": isActive, "headers isGone": isGone,
	"headers anEnd": anEnd, "headers aReason": aReason, "headers aRole": aRole, "headers aPersonType": aPersonType,
	"headers aType": aType,
})

// lists yields the lines of the lists, each with the name of its list.
func lists(yield func(name, line string) bool) {
	name := ""
	for line := range strings.Lines(standingWords) {
		switch text := strings.TrimSpace(line); {
		case text == "", strings.HasPrefix(text, "#"):
		case !strings.HasPrefix(line, " "):
			name = strings.TrimSuffix(text, ":")
		case !yield(name, text):
			return
		}
	}
}

func meaningsOf(names map[string]meaning) map[string]meaning {
	all := map[string]meaning{}
	for name, line := range lists {
		for header := range strings.SplitSeq(line, ",") {
			key, m := HeaderKey(header), names[name]
			// Exited may be a date or a mark; a mark is read in both ways.
			if m != 0 && key != "" && (all[key] == 0 || m == isGone) {
				all[key] = m
			}
		}
	}
	return all
}

func wordsOf[T any](names map[string]T) map[string]T {
	all := map[string]T{}
	for name, line := range lists {
		if v, is := names[name]; is {
			for w := range strings.FieldsSeq(line) {
				all[w] = v
			}
		}
	}
	return all
}

// verdict is what a cell says.
type verdict int

const (
	unknown verdict = iota
	counts
	gone
)

// verdict reads a cell of a column that says which rows count.
func (m meaning) verdict(cell string, today time.Time) verdict {
	key := HeaderKey(cell)
	switch m {
	case aReason:
		return unknown
	case anEnd:
		if v := ended(cell, today); v != unknown {
			return v
		}
		if words[key] == counts {
			return counts
		}
		return unknown
	case aCode:
		switch cell {
		case "0":
			return counts
		case "1", "2", "3", "4":
			return gone
		}
	case isActive:
		switch {
		case slices.Contains(yes, key):
			return counts
		case slices.Contains(no, key):
			return gone
		case len(days(cell)) > 0:
			return counts // The day on which somebody came.
		}
	case isGone:
		switch {
		case slices.Contains(yes, key), strings.Trim(cell, "xX✓✔☑✗✘*•●") == "":
			return gone
		case slices.Contains(no, key):
			return counts
		}
		if v := ended(cell, today); v != unknown {
			return v
		}
	}
	return ofStatus(cell)
}

var (
	yes = []string{"yes", "y", "true", "t", "1", "on", "si", "s", "oui", "o", "ja", "j", "wahr", "verdadero", "vrai"}
	no  = []string{"no", "n", "false", "f", "0", "off", "non", "nein", "falsch", "falso", "faux"}
)

// isNothing reports whether a cell says nothing.
func isNothing(cell string) bool {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "", "-", "--", "---", "–", "—", ".", "null", "(null)", "nil", "none", "n/a", "na", "#n/a", "[clear]", "undefined",
		"nan", "not set", "(none)", "(blank)", "blank":
		return true
	}
	// A date that is no date, as 00/00/0000.
	return strings.ContainsAny(cell, "-/.") && strings.Trim(cell, "0-/.: T") == "" && strings.Contains(cell, "0")
}

// words are the words of a status, and whether a row with that status counts.
var words = wordsOf(map[string]verdict{"words counts": counts, "words gone": gone})

// ofStatus reads the words of a status.
func ofStatus(cell string) verdict {
	key := HeaderKey(cell)
	switch {
	case strings.Contains(key, "transferin"), strings.Contains(key, "transferredin"):
		return counts
	case words[key] != unknown:
		return words[key]
	case strings.HasPrefix(key, "tobedel"):
		return gone
	}
	said, negated := map[verdict]bool{}, false
	for _, w := range strings.FieldsFunc(fold.Text(cell), func(r rune) bool { return !isWordRune(r) }) {
		switch {
		case w == "not", w == "no", w == "non", w == "never", w == "nolonger":
			negated = true
		case len(w) > 1 && words[w] != unknown:
			said[words[w]] = true
		}
	}
	switch {
	case negated && said[counts] && !said[gone]:
		return gone
	case negated, said[counts] && said[gone]:
		return unknown
	case said[gone]:
		return gone
	case said[counts]:
		return counts
	default:
		return unknown
	}
}

func isWordRune(r rune) bool { return r == '\'' || HeaderKey(string(r)) != "" }

// ended reports whether a day is over. Some systems write the first day on which somebody
// is away, and others the last day on which somebody is there, so today counts as over as
// well. If a day can be read in two ways, as 6/7/2026, and it makes a difference, the
// answer is unknown.
func ended(cell string, today time.Time) verdict {
	v := unknown
	for i, day := range days(cell) {
		is := counts
		// Programs write the first day that they can represent for no day at all.
		if !day.After(today) && day.Year() >= 1970 {
			is = gone
		}
		if i > 0 && is != v {
			return unknown
		}
		v = is
	}
	return v
}

var (
	isoDay    = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})([T ].*)?$`)
	compact   = regexp.MustCompile(`^((?:19|20|99)\d\d)(\d\d)(\d\d)$`)
	numbers   = regexp.MustCompile(`^(\d{1,2})([-/.]) ?(\d{1,2})[-/.] ?(\d{4}|\d{2})([T ].*)?$`)
	dayFirst  = regexp.MustCompile(`^(?:\pL+,? +)?(\d{1,2})(?:st|nd|rd|th)?[-/. ]+(\pL{3,})[-/.,]* *(\d{4}|\d{2})( .*)?$`)
	nameFirst = regexp.MustCompile(`^(?:\pL+,? +)??(\pL{3,})[-/. ]+(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{4}|\d{2})( .*)?$`)
	serial    = regexp.MustCompile(`^([2-6]\d{4})(\.\d+)?$`)
)

// days returns the days that a cell may mean: none, one, or two if it is unclear which
// number is the month.
func days(cell string) (all []time.Time) {
	cell = strings.TrimSpace(cell)
	add := func(year, month, day string) {
		y, m, d := number(year), number(month), number(day)
		if len(year) == 2 {
			y += 1900
			if y < 1970 {
				y += 100
			}
		}
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		if int(t.Month()) == m && t.Day() == d && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	if p := isoDay.FindStringSubmatch(cell); p != nil {
		add(p[1], p[2], p[3])
	} else if p := compact.FindStringSubmatch(cell); p != nil {
		add(p[1], p[2], p[3])
	} else if p := numbers.FindStringSubmatch(cell); p != nil {
		if p[2] != "." {
			add(p[4], p[1], p[3])
		}
		add(p[4], p[3], p[1])
	} else if p := dayFirst.FindStringSubmatch(cell); p != nil {
		add(p[3], monthOf(p[2]), p[1])
	} else if p := nameFirst.FindStringSubmatch(cell); p != nil {
		add(p[3], monthOf(p[1]), p[2])
	} else if p := serial.FindStringSubmatch(cell); p != nil {
		// Spreadsheet programs count days from this one.
		all = append(all, time.Date(1899, 12, 30+number(p[1]), 0, 0, 0, 0, time.UTC))
	}
	return all
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// monthOf returns the number of a month by its name, or 0.
func monthOf(name string) string {
	begins := []rune(fold.Text(name))
	if len(begins) < 3 {
		return "0"
	}
	for i, list := range [...]string{"jan ene", "feb fev", "mar", "apr abr avr", "may mai", "jun", "jul", "aug ago aou",
		"sep", "oct okt", "nov", "dec dic dez"} {
		if slices.Contains(strings.Fields(list), string(begins[:3])) {
			return strconv.Itoa(i + 1)
		}
	}
	return "0"
}

// roleWords are words for the roles.
var roleWords = wordsOf(map[string]Role{"words Student": Student, "words Teacher": Teacher, "words Staff": Staff,
	"words Family": Family})

// rolesIn returns the roles that a cell names; others is true if a part of it names no
// known role.
func rolesIn(cell string) (known []Role, others bool) {
	add := func(role Role) {
		if !slices.Contains(known, role) {
			known = append(known, role)
		}
	}
	for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune(",;|/", r) }) {
		if role := roleWords[HeaderKey(part)]; role != 0 {
			add(role)
			continue
		}
		found := false
		for _, w := range strings.FieldsFunc(fold.Text(part), func(r rune) bool { return !isWordRune(r) }) {
			if role := roleWords[w]; role != 0 && len(w) > 1 {
				add(role)
				found = true
			}
		}
		others = others || !found && HeaderKey(part) != ""
	}
	return known, others
}
