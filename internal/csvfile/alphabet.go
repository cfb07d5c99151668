package csvfile

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// alphabet is a way in which names of some languages are written.
type alphabet int

// The first four alphabets are Latin.
const (
	western alphabet = iota
	central
	turkish
	baltic
	cyrillic
	greek
	hebrew
	arabic
	chineseOrJapanese
	simplified
	traditional
	hangul
)

var alphabetNames = [...]string{"western", "central", "turkish", "baltic", "cyrillic", "greek", "hebrew", "arabic",
	"japanese", "simplified", "traditional", "korean"}

func (a alphabet) isLatin() bool { return a <= baltic }

// tells returns how many letters a word needs before it counts as evidence of a name.
func (a alphabet) tells() int {
	switch {
	case a.isLatin():
		return 2
	case a >= chineseOrJapanese:
		return 1
	}
	return 3
}

// script returns the Unicode ranges of the letters of the alphabet.
func (a alphabet) script() []*unicode.RangeTable {
	switch a {
	case cyrillic:
		return []*unicode.RangeTable{unicode.Cyrillic}
	case greek:
		return []*unicode.RangeTable{unicode.Greek}
	case hebrew:
		return []*unicode.RangeTable{unicode.Hebrew}
	case arabic:
		return []*unicode.RangeTable{unicode.Arabic}
	case chineseOrJapanese:
		return []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}
	case simplified, traditional:
		return []*unicode.RangeTable{unicode.Han}
	case hangul:
		return []*unicode.RangeTable{unicode.Hangul}
	}
	return []*unicode.RangeTable{unicode.Latin}
}

// neighborsText lists which letters occur next to each other in names of people and
// places. For a Latin alphabet it lists each letter that is not ASCII, with each pair of
// letters found before and after it; for another alphabet, each letter with each letter
// that follows it. < and > are the edges of a word. For Chinese and Japanese it lists the
// characters that occur in names.
//
// The list was made from the names in Faker (faker-js/faker 10.6 and faker-ruby/faker
// 2.21, both under the MIT license), and some names were added by hand for languages that
// Faker lacks. Lists of whole names were tried and dropped: they know fewer names and are
// larger.
//
//go:embed neighbors.txt
var neighborsText string

// neighbors is neighborsText, parsed: for each alphabet the letters that occur next to
// each other, as one string.
var neighbors = sync.OnceValue(func() map[alphabet]map[string]bool {
	all := map[alphabet]map[string]bool{}
	for a, name := range alphabetNames {
		known := map[string]bool{}
		all[alphabet(a)] = known
		for line := range strings.Lines(neighborsText) {
			rest, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), name+" ")
			letter, beside, pairs := strings.Cut(rest, " ")
			switch {
			case !ok:
			case !pairs:
				for _, sign := range rest {
					known[string(sign)] = true
				}
			case alphabet(a).isLatin():
				for pair := range strings.FieldsSeq(beside) {
					_, n := utf8.DecodeRuneInString(pair)
					known[pair[:n]+letter+pair[n:]] = true
				}
			default:
				for _, next := range beside {
					known[letter+string(next)] = true
				}
			}
		}
	}
	return all
})

// knows reports whether a word is written as names of the alphabet are: all its pairs of
// letters occur in such names. If the alphabet is not Latin, four fifths of the pairs are
// enough, unless the word is all capitals, as Hebrew read as KOI8 is.
func (a alphabet) knows(word []rune) bool {
	capitals := !slices.ContainsFunc(word, func(r rune) bool { return !unicode.IsUpper(r) })
	word = []rune(strings.ToLower(string(word)))
	known := neighbors()[a]
	if a >= chineseOrJapanese {
		for _, r := range word {
			if !known[string(r)] && !unicode.In(r, unicode.Hiragana, unicode.Katakana) {
				return false
			}
		}
		return true
	}
	if a == greek { // The names of the table have no accents.
		word = slices.DeleteFunc([]rune(norm.NFD.String(strings.ReplaceAll(string(word), "ς", "σ"))), unicode.IsMark)
	}
	edged := append(append([]rune{'<'}, word...), '>')
	hits, tries := 0, 0
	for i := 1; i < len(edged); i++ {
		switch {
		case !a.isLatin():
			tries++
			if known[string(edged[i-1:i+1])] {
				hits++
			}
		case edged[i] >= utf8.RuneSelf:
			tries++
			if known[string(edged[i-1:i+2])] {
				hits++
			}
		}
	}
	if a.isLatin() {
		return hits == tries
	}
	return hits == tries || !capitals && 5*hits >= 4*tries
}
