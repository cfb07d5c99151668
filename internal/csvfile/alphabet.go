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

// alphabet is how the names of some languages are written.
type alphabet int

// The alphabets. The first four are Latin.
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

// tells is how many letters of a word tell that it is a name.
func (a alphabet) tells() int {
	switch {
	case a.isLatin():
		return 2
	case a >= chineseOrJapanese:
		return 1
	}
	return 3
}

// script are the letters of the alphabet.
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

// neighborsText says beside which letters a letter stands in names of people and places.
// For a Latin alphabet that is a letter that is not ASCII, with each pair of the letters
// before and after it; for another one a letter with each letter after it. < and > are
// the edges of a word. For writings of signs it is the signs of names.
//
// It was made of the names of Faker (faker-js/faker 10.6 and faker-ruby/faker 2.21, both
// under the MIT license), and of some by hand for languages that these do not have. Lists
// of whole names were dropped: they know fewer names, and are larger.
//
//go:embed neighbors.txt
var neighborsText string

// neighbors is that text: for each alphabet, letters that stand beside each other, as one
// string.
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

// knows reports whether a word is written as names of the alphabet are: whether nothing
// stands in it beside each other that does not in names. Where words are long for the
// table, nearly nothing will do, but not where all letters are capitals, as those of
// Hebrew are in KOI8.
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
