package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// read returns the operation of a GET or POST request.
func (l Limits) read(w http.ResponseWriter, r *http.Request, room Room) (*graphql.RawParams, *gqlerror.Error) {
	var params *graphql.RawParams
	var err *gqlerror.Error
	start := graphql.Now()
	if r.Method == http.MethodGet {
		params, err = l.readQuery(r.URL)
	} else {
		params, err = l.readBody(w, r, room)
	}
	if err != nil {
		return nil, err
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

func (l Limits) readBody(w http.ResponseWriter, r *http.Request, room Room) (*graphql.RawParams, *gqlerror.Error) {
	// A form on another page can send three other types without a preflight request.
	media, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, Errorf(mediaType,
			"Send the operation with the header Content-Type: application/json, or a file as multipart/form-data.")
	}
	if charset, given := options["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return nil, Errorf(mediaType, "Send the operation in UTF-8.")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, Errorf(mediaType, "Send the operation without compression.")
	}
	most, refusal := l.RequestBytes, unread
	control := http.NewResponseController(w)
	if l.Stranger != nil && l.Stranger(r.Context()) {
		most, refusal = min(l.StrangerBytes, l.RequestBytes), l.unreadStranger
		// A stranger who sends a little now and then does not keep the memory.
		_ = control.SetReadDeadline(time.Now().Add(l.StrangerPatience))
	}
	defer room.Arriving(r.ContentLength, func() { _ = control.SetReadDeadline(time.Unix(1, 0)) })()
	if r.ContentLength > most {
		w.Header().Set("Connection", "close")
		return nil, refusal(&http.MaxBytesError{Limit: most})
	}
	body, err := io.ReadAll(metered{http.MaxBytesReader(w, r.Body, most), room})
	if err != nil {
		// Otherwise net/http would wait for the rest before it answers.
		w.Header().Set("Connection", "close")
		return nil, refusal(err)
	}
	return l.parse(body)
}

// unreadStranger is unread for somebody who is not signed in. Only people who are have a
// reason to send that much.
func (l Limits) unreadStranger(err error) *gqlerror.Error {
	var large *http.MaxBytesError
	if errors.As(err, &large) && large.Limit < l.RequestBytes && l.SignIn != nil {
		return l.SignIn
	}
	return unread(err)
}

// unread is the error for a body that did not arrive.
func unread(err error) *gqlerror.Error {
	var known *gqlerror.Error
	if errors.As(err, &known) {
		return known
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return Errorf(tooLarge, "The request has more than %d bytes.", large.Limit)
	}
	return Errorf(badRequest, "The request arrived incompletely; send it again.")
}

// readQuery reads the parameters of an address.
func (l Limits) readQuery(address *url.URL) (*graphql.RawParams, *gqlerror.Error) {
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return nil, Errorf(badRequest,
			"The address cannot be read: a percent sign must be followed by two hexadecimal digits.")
	}
	p := &graphql.RawParams{Query: query.Get("query"), OperationName: query.Get("operationName")}
	var bad *gqlerror.Error
	if p.Variables, bad = l.object("variables", []byte(query.Get("variables"))); bad != nil {
		return nil, bad
	}
	if p.Extensions, bad = l.object("extensions", []byte(query.Get("extensions"))); bad != nil {
		return nil, bad
	}
	return p, complete(p)
}

// parse reads the JSON text of an operation. No error repeats any of it, because the
// variables may contain a password.
func (l Limits) parse(body []byte) (*graphql.RawParams, *gqlerror.Error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(body) == 0:
		return nil, Errorf(badRequest, "The request has no body.")
	case body[0] == '[':
		return nil, Errorf(batching, "Send one operation per request, not a list of them.")
	case !utf8.Valid(body):
		return nil, Errorf(badRequest, "The request is not in UTF-8.")
	}
	var fields struct {
		Query         json.RawMessage `json:"query"`
		OperationName json.RawMessage `json:"operationName"`
		Variables     json.RawMessage `json:"variables"`
		Extensions    json.RawMessage `json:"extensions"`
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, notJSON("The request", err)
	}
	p := &graphql.RawParams{}
	var bad *gqlerror.Error
	if p.Query, bad = text("query", fields.Query); bad != nil {
		return nil, bad
	}
	if p.OperationName, bad = text("operationName", fields.OperationName); bad != nil {
		return nil, bad
	}
	if p.Variables, bad = l.object("variables", fields.Variables); bad != nil {
		return nil, bad
	}
	if p.Extensions, bad = l.object("extensions", fields.Extensions); bad != nil {
		return nil, bad
	}
	return p, complete(p)
}

func complete(p *graphql.RawParams) *gqlerror.Error {
	// A hash may take the place of the document; the executor knows it.
	if _, hashed := p.Extensions["persistedQuery"]; p.Query == "" && !hashed {
		return Errorf(badRequest, "The request has no query.")
	}
	return nil
}

// notJSON says where a text stops being JSON.
func notJSON(what string, err error) *gqlerror.Error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return Errorf(badRequest, "%s is not valid JSON: the error is at byte %d.", what, syntax.Offset)
	}
	return Errorf(badRequest, "%s is not a JSON object.", what)
}

// text reads a string. A missing one, or null, is empty.
func text(name string, raw json.RawMessage) (s string, _ *gqlerror.Error) {
	if len(raw) > 0 && json.Unmarshal(raw, &s) != nil {
		return "", Errorf(badRequest, "%s is not a string.", name)
	}
	return s, nil
}

// object reads a JSON object. A missing one, or null, is nil.
func (l Limits) object(name string, raw []byte) (object map[string]any, _ *gqlerror.Error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if len(raw) > l.VariableBytes {
		return nil, Errorf(tooLarge, "%s have more than %d bytes.", name, l.VariableBytes)
	}
	if err := l.bounded(name, raw); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a float64 would round large whole numbers
	if err := d.Decode(&object); err != nil {
		return nil, Errorf(badRequest, "%s is not a JSON object.", name)
	}
	if d.More() {
		return nil, Errorf(badRequest, "%s has more text after the JSON object.", name)
	}
	return object, nil
}

// bounded refuses a JSON text that takes too much memory after decoding.
func (l Limits) bounded(name string, raw []byte) *gqlerror.Error {
	most := l.DecodedBytes
	if most == 0 {
		most = 8 * int64(l.VariableBytes)
	}
	switch size, depth := decoded(raw); {
	case depth > maxNesting:
		return Errorf(tooLarge, "%s nests more than %d lists and objects.", name, maxNesting)
	case size > most:
		return Errorf(tooLarge, "%s holds too many lists and objects; send fewer at once.", name)
	}
	return nil
}
