// Package accept reads the header Accept of a request: RFC 9110, section 12.5.1.
//
// It is written here because it is a page of code, and because the two callers need the
// quality of a type, and not only the best one: whether JSON would do as well decides
// between an answer and a stream of answers.
package accept

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// How closely a media range fits a type. The closest range that fits is the one that
// counts, wherever it stands.
const (
	none = iota
	anything
	sameKind
	exactly
)

// Media is what a client thinks of a media type.
type Media struct {
	// Quality is from 0, not acceptable, to 1.
	Quality float64
	// Named is whether a range names the type or its kind, as text/html and text/* do, and
	// not only */*.
	Named bool
	// Place is the place of its range in the header, counted from 0.
	Place int
}

// Of returns what a client thinks of a type, such as text/html. A client that sends no
// header accepts everything. Ranges that make no sense are passed over, and so are
// parameters of a range, such as a charset.
func Of(header http.Header, media string) Media {
	values := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(values) == "" {
		return Media{Quality: 1}
	}
	var best Media
	closest := none
	for i, item := range split(values) {
		named, options, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		quality, ok := weight(options)
		if !ok {
			continue
		}
		if fit := fits(named, media); fit > closest {
			closest, best = fit, Media{Quality: quality, Named: fit > anything, Place: i}
		}
	}
	return best
}

// weight reads the weight of a range. It is 1 if there is none.
func weight(options map[string]string) (float64, bool) {
	text, given := options["q"]
	if !given {
		return 1, true
	}
	// ParseFloat knows more than RFC 9110: NaN, signs, exponents.
	if strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	q, err := strconv.ParseFloat(text, 64)
	return q, err == nil && q <= 1
}

func fits(named, media string) int {
	kind, _, _ := strings.Cut(media, "/")
	switch named {
	case media:
		return exactly
	case kind + "/*":
		return sameKind
	case "*/*":
		return anything
	}
	return none
}

// split splits a list at its commas, but not within quotation marks.
func split(list string) []string {
	var items []string
	start, quoted := 0, false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			items, start = append(items, list[start:i]), i+1
		}
	}
	return append(items, list[start:])
}

// EventStream reports whether a client asks for server-sent events. It has to name them:
// a client that accepts anything would wait for the end of the answer.
func EventStream(header http.Header) bool {
	events := Of(header, "text/event-stream")
	return events.Named && events.Quality > 0
}
