package transport

import (
	"bytes"
	"cmp"
	"context"
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
func (l Limits) read(w http.ResponseWriter, r *http.Request, room *counted) (*graphql.RawParams, *gqlerror.Error) {
	var params *graphql.RawParams
	var err *gqlerror.Error
	start := graphql.Now()
	if l.isStranger(r.Context()) {
		l.DecodedBytes = min(l.mostDecoded(), MostDecoded(l.StrangerBytes))
	}
	if r.Method == http.MethodGet {
		params, err = l.readQuery(r, room)
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

func (l Limits) isStranger(ctx context.Context) bool { return l.Stranger != nil && l.Stranger(ctx) }

func (l Limits) readBody(w http.ResponseWriter, r *http.Request,
	room *counted) (*graphql.RawParams, *gqlerror.Error) {
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
	if l.isStranger(r.Context()) {
		most, refusal = min(l.StrangerBytes, l.RequestBytes), l.unreadStranger
		// A stranger who sends a little now and then does not keep the memory.
		_ = control.SetReadDeadline(time.Now().Add(l.StrangerPatience))
	}
	if r.ContentLength > most {
		w.Header().Set("Connection", "close")
		return nil, refusal(&http.MaxBytesError{Limit: most})
	}
	arrived := room.Arriving(r.ContentLength, func() { _ = control.SetReadDeadline(time.Unix(1, 0)) })
	body, err := io.ReadAll(&metered{Reader: http.MaxBytesReader(w, r.Body, most), room: room})
	// From now on it makes no room for others, also while it waits for room itself.
	arrived()
	if err != nil {
		// Otherwise net/http would wait for the rest before it answers.
		w.Header().Set("Connection", "close")
		return nil, refusal(err)
	}
	return l.parse(r.Context(), body, room)
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
func (l Limits) readQuery(r *http.Request, room *counted) (*graphql.RawParams, *gqlerror.Error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, Errorf(badRequest,
			"The address cannot be read: a percent sign must be followed by two hexadecimal digits.")
	}
	p := &graphql.RawParams{Query: query.Get("query"), OperationName: query.Get("operationName")}
	var bad *gqlerror.Error
	variables, extensions := []byte(query.Get("variables")), []byte(query.Get("extensions"))
	if p.Variables, p.Extensions, bad = l.objects(r.Context(), variables, extensions, room); bad != nil {
		return nil, bad
	}
	return p, complete(p, query.Get("documentId"))
}

// parse reads the JSON text of an operation. No error repeats any of it, because the
// variables may contain a password.
func (l Limits) parse(ctx context.Context, body []byte, room *counted) (*graphql.RawParams, *gqlerror.Error) {
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
		DocumentID    json.RawMessage `json:"documentId"`
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
	if p.Variables, p.Extensions, bad = l.objects(ctx, fields.Variables, fields.Extensions, room); bad != nil {
		return nil, bad
	}
	id, bad := text("documentId", fields.DocumentID)
	if bad != nil {
		return nil, bad
	}
	return p, complete(p, id)
}

// complete makes sure that there is a document or its hash. id is a prefixed document
// identifier of the GraphQL over HTTP draft (appendix Persisted Documents): sha256: and the
// hash in hexadecimal. The executor knows the hash as that of Apollo's clients.
func complete(p *graphql.RawParams, id string) *gqlerror.Error {
	_, hashed := p.Extensions["persistedQuery"]
	switch hash, ok := strings.CutPrefix(id, "sha256:"); {
	case id == "" && p.Query == "" && !hashed:
		return Errorf(badRequest, "The request has no query.")
	case id == "":
		return nil
	case p.Query != "" || hashed:
		return Errorf(badRequest, "Send documentId, or query, or extensions.persistedQuery; only the last two go together.")
	case !ok:
		return Errorf(badRequest, "documentId is sha256: and the SHA-256 of the document in 64 hexadecimal digits.")
	default:
		if p.Extensions == nil {
			p.Extensions = map[string]any{}
		}
		p.Extensions["persistedQuery"] = map[string]any{"version": 1, "sha256Hash": hash}
		return nil
	}
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

// objects reads the variables and the extensions of an operation. What both take together
// is limited, and takes room before anything is decoded.
func (l Limits) objects(ctx context.Context, variables, extensions []byte,
	room *counted) (vars, exts map[string]any, _ *gqlerror.Error) {
	var size int64
	for name, raw := range map[string][]byte{"variables": variables, "extensions": extensions} {
		if len(raw) > l.VariableBytes {
			return nil, nil, Errorf(tooLarge, "%s have more than %d bytes.", name, l.VariableBytes)
		}
		one, err := l.bounded(name, raw)
		if err != nil {
			return nil, nil, err
		}
		size += one
	}
	if size > l.mostDecoded() {
		return nil, nil, Errorf(tooLarge, "variables and extensions hold too many lists and objects; send fewer at once.")
	}
	if full := room.Hold(ctx, size); full != nil {
		return nil, nil, full
	}
	vars, err := object("variables", variables)
	if err != nil {
		return nil, nil, err
	}
	exts, err = object("extensions", extensions)
	return vars, exts, err
}

// object reads a JSON object. A missing one, or null, is nil.
func object(name string, raw []byte) (object map[string]any, _ *gqlerror.Error) {
	if len(raw) == 0 {
		return nil, nil
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

// bounded returns how much a JSON text takes in memory after decoding, and refuses one
// that takes too much.
func (l Limits) bounded(name string, raw []byte) (int64, *gqlerror.Error) {
	size, depth := decoded(raw)
	switch {
	case depth > maxNesting:
		return 0, Errorf(tooLarge, "%s nests more than %d lists and objects.", name, maxNesting)
	case size > l.mostDecoded():
		return 0, Errorf(tooLarge, "%s holds too many lists and objects; send fewer at once.", name)
	}
	return size, nil
}

// mostDecoded is how much the variables and extensions of a request may take.
func (l Limits) mostDecoded() int64 {
	return cmp.Or(l.DecodedBytes, MostDecoded(int64(l.VariableBytes)))
}

// MostDecoded is what JSON texts of a length may take in memory after decoding.
func MostDecoded(text int64) int64 { return 8 * text }
