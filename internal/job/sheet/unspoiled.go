package sheet

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxZeros is how many leading zeros a number may have lost.
const maxZeros = 9

// Unspoiled returns what somebody may have typed if a spreadsheet program has made cell of
// it: an ID with leading zeros, a name such as 3-4 that became a date, or 1E5 that became
// a number. It returns nothing for text that no such program writes.
func Unspoiled(cell string) []string {
	var all []string
	add := func(texts ...string) {
		for _, text := range texts {
			if text != "" && text != cell && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	if text, ok := strings.CutSuffix(cell, ".0"); ok && allDigits(text) {
		add(text)
		add(Unspoiled(text)...)
	}
	switch p := scientific.FindStringSubmatch(cell); {
	case allDigits(cell):
		add(strings.TrimLeft(cell, "0"))
		for n := 1; n <= maxZeros; n++ {
			add(strings.Repeat("0", n) + cell)
		}
	case decimal.MatchString(cell):
		add(cell+"0", cell+"00")
	case p != nil:
		digits := p[1] + strings.TrimRight(p[2], "0")
		exponent := number(p[3]) - (len(digits) - 1)
		for range 4 {
			for _, e := range []string{"E", "e"} {
				add(digits+e+strconv.Itoa(exponent), digits+e+"0"+strconv.Itoa(exponent))
			}
			if exponent <= 1 {
				break
			}
			digits, exponent = digits+"0", exponent-1
		}
	default:
		for _, d := range dayParts(cell) {
			add(asTyped(d)...)
		}
	}
	return all
}

var (
	scientific = regexp.MustCompile(`^(\d)(?:[.,](\d+))?[Ee]\+?(\d{1,3})$`)
	decimal    = regexp.MustCompile(`^\d+\.\d+$`)
	dayAndName = regexp.MustCompile(`^(\d{1,2})[-/. ]+(\pL{3,})\.?$`)
	nameAndTwo = regexp.MustCompile(`^(\pL{3,})\.?[-/. ]+(\d{1,2}|\d{4})$`)
)

// dayParts returns the numbers from which a spreadsheet program may have made a date, in
// the order in which they were typed.
func dayParts(cell string) (all [][]string) {
	cell = strings.TrimSuffix(cell, " 00:00:00")
	if p := dayAndName.FindStringSubmatch(cell); p != nil {
		if m := monthOf(p[2]); m != "0" {
			return [][]string{{m, p[1]}, {p[1], m}}
		}
	}
	if p := nameAndTwo.FindStringSubmatch(cell); p != nil {
		if m := monthOf(p[1]); m != "0" {
			return [][]string{{m, p[2]}, {p[2], m}, {m, p[2][max(0, len(p[2])-2):]}}
		}
	}
	for _, d := range days(cell) {
		y, m, day := strconv.Itoa(d.Year()), strconv.Itoa(int(d.Month())), strconv.Itoa(d.Day())
		all = append(all, []string{m, day}, []string{day, m}, []string{m, day, y[2:]}, []string{day, m, y[2:]},
			[]string{m, day, y}, []string{day, m, y})
		if d.Day() == 1 {
			all = append(all, []string{m, y[2:]}, []string{m, y})
		}
	}
	return all
}

// asTyped returns the ways to type numbers of which a spreadsheet program makes a date.
func asTyped(numbers []string) (texts []string) {
	padded := make([]string, len(numbers))
	for i, n := range numbers {
		if n = strings.TrimLeft(n, "0"); n == "" {
			n = "0"
		}
		numbers[i], padded[i] = n, n
		if len(n) == 1 {
			padded[i] = "0" + n
		}
	}
	for _, between := range []string{"-", "/", ".", " "} {
		texts = append(texts, strings.Join(numbers, between), strings.Join(padded, between))
		if len(numbers) == 2 {
			texts = append(texts, numbers[0]+between+padded[1], padded[0]+between+numbers[1])
		}
	}
	return texts
}
