package reach

import (
	"slices"
	"strings"
	"unicode"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// longestPadded is how long an ID may be that may have lost zeros in front.
const longestPadded = 12

// SimilarIDs returns the IDs that somebody may have meant who writes an unknown one: with
// zeros in front or without, in other case, with letters in the place of digits that look
// like them, and without signs.
func SimilarIDs(id string) []string {
	plain := latin(id)
	for _, end := range []string{".0", ",0", ".00", ".", ","} {
		if number, is := strings.CutSuffix(plain, end); is && isNumber(number) {
			plain = number
			break
		}
	}
	if before, _, is := strings.Cut(plain, " ("); is {
		plain = before // As in 00101 (Ada).
	}
	bare := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, plain)
	all := inEveryCase(plain)
	for _, form := range []string{plain, bare} {
		for _, cased := range []string{form, strings.ToUpper(form), strings.ToLower(form)} {
			all = append(all, cased, digits(cased))
			if isNumber(form) {
				continue
			}
			for _, pair := range looks {
				all = append(all, pair.Replace(cased))
			}
		}
	}
	for _, number := range slices.Clone(all) {
		if isNumber(number) {
			all = append(all, padded(number, nil)...)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(other string) bool { return other == id || other == "" })
}

// fewLetters is how many letters an ID may have of which every one may be in the other case.
const fewLetters = 4

// inEveryCase are the ways to write an ID with few letters in upper and lower case.
func inEveryCase(id string) []string {
	all := []string{""}
	letters := 0
	for _, c := range id {
		upper, lower := unicode.ToUpper(c), unicode.ToLower(c)
		if letters++; upper == lower {
			letters--
			lower = 0
		}
		if letters > fewLetters {
			return nil
		}
		for i, text := range all {
			all[i] = text + string(upper)
			if lower != 0 {
				all = append(all, text+string(lower))
			}
		}
	}
	return all
}

// padded are a number without zeros in front, and with them up to some lengths, or up to
// all if there are none.
func padded(number string, lengths map[int]bool) (all []string) {
	bare := strings.TrimLeft(number, "0")
	if bare == "" {
		return nil
	}
	for n := len(bare); n <= longestPadded; n++ {
		if n == len(bare) || lengths == nil || lengths[n] {
			all = append(all, strings.Repeat("0", n-len(bare))+bare)
		}
	}
	return all
}

// Skeleton is what IDs have in common that look alike: the same for ab-12 and AB 12, for O12
// and 012, and for 00042 and 42.
func Skeleton(id string) string {
	form := digits(strings.ToUpper(latin(id)))
	bare := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, form)
	if isNumber(bare) {
		bare = strings.TrimLeft(bare, "0")
	}
	return bare
}

// latin turns letters of other scripts into Latin ones that look the same, and takes off
// what is not seen.
func latin(id string) string {
	for i := range len(id) {
		if id[i] >= 0x80 {
			return strings.Map(func(c rune) rune {
				if same, is := sameLook[c]; is {
					return same
				}
				return c
			}, fold.Visible(id))
		}
	}
	return id
}

// sameLook are Cyrillic and Greek letters that look like Latin ones.
var sameLook = func() map[rune]rune {
	m := map[rune]rune{}
	from := []rune("АВЕЅІЈКМНОРСТУХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")
	to := []rune("ABESIJKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXo")
	for i, c := range from {
		m[c] = to[i]
	}
	return m
}()

// digits writes digits for letters that look like them.
func digits(id string) string {
	if isNumber(id) {
		return id
	}
	return asDigits.Replace(id)
}

var asDigits = strings.NewReplacer("O", "0", "o", "0", "I", "1", "l", "1", "L", "1", "|", "1")

// looks are letters and digits that look alike, one pair at a time.
var looks = []*strings.Replacer{
	strings.NewReplacer("0", "O"), strings.NewReplacer("1", "I"), strings.NewReplacer("1", "l"),
	strings.NewReplacer("O", "0", "o", "0"), strings.NewReplacer("I", "1", "l", "1"),
	strings.NewReplacer("0", "O", "1", "I"),
}

func isNumber(id string) bool {
	return id != "" && strings.Trim(id, "0123456789") == ""
}

// Shape is what the IDs on record of a district look like, as far as it tells what a
// spreadsheet program has taken away.
type Shape struct {
	// Some is false if there are none.
	Some bool
	// Padded are the lengths of numbers with zeros in front.
	Padded map[int]bool
	// Letters is true if there are others than numbers.
	Letters bool
}

// ShapeOf looks at the first and the last IDs in their order: zeros come before other
// digits, and digits before letters.
func ShapeOf(ids []string) Shape {
	s := Shape{Some: len(ids) > 0, Padded: map[int]bool{}}
	for _, id := range ids {
		switch {
		case !isNumber(id):
			s.Letters = true
		case id[0] == '0':
			s.Padded[len(id)] = true
		}
	}
	return s
}

// Lost is how many digits the IDs on record have, if a new one is a number with fewer, and
// all numbers on record with zeros in front have as many; otherwise 0.
func (s Shape) Lost(id string) int {
	if len(s.Padded) != 1 || !isNumber(id) || id[0] == '0' {
		return 0
	}
	for n := range s.Padded {
		if len(id) < n {
			return n
		}
	}
	return 0
}

// Near are the IDs on record that a new one may be mistaken for, and no more than need be
// looked up for IDs of that shape.
func (s Shape) Near(id string) (near []string) {
	switch {
	case !s.Some:
	case isNumber(id):
		near = padded(id, s.Padded)
		if s.Letters {
			near = append(near, strings.ReplaceAll(id, "0", "O"))
		}
	default:
		near = SimilarIDs(id)
	}
	return slices.DeleteFunc(near, func(other string) bool { return other == id })
}
