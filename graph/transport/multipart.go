package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Multipart accepts operations with files: the part "operations", then the part "map",
// then the files.
type Multipart struct {
	Limits Limits
	// UploadBytes is the largest request, with all its files.
	UploadBytes int64
	// UploadMemory is how much of the files is kept in memory. The rest goes to temporary
	// files.
	UploadMemory int64
	// Files is how many files a request may have.
	Files int
	// Patience is how long the operation may take after everything has arrived, plus a
	// second for every leastStored bytes of files; 0 for as long as the request.
	Patience time.Duration
	// Admit decides, before the body is read, whether a request may bring files. It returns
	// what to call when they are no longer needed.
	Admit func(ctx context.Context) (leave func(), err *gqlerror.Error)
	// Takes decides, before a file is read, whether the operation takes so many files from
	// this caller. The variables hold an empty file for each, told apart by its File. After
	// a *gqlerror.Error nothing runs; after another error the operation answers itself, with
	// files that cannot be read. If Takes is nil, every operation takes files.
	Takes func(ctx context.Context, oc *graphql.OperationContext, files int) error
	// Stored is the room for the bytes of files; nil for no limit.
	Stored func(ctx context.Context) Room
}

var _ graphql.Transport = Multipart{}

// maxHead limits the header of a part, which is read into memory, together with what the
// reader reads ahead. A browser sends some hundred bytes.
const maxHead = 64 << 10

// heads is a body that gives out only so much while the header of a part is read.
type heads struct {
	io.ReadCloser
	reading bool
	left    int
}

func (h *heads) Read(p []byte) (int, error) {
	if h.reading {
		if h.left <= 0 {
			return 0, Errorf(tooLarge, "The header of a part of the form has more than %d bytes.", maxHead)
		}
		p = p[:min(len(p), h.left)]
	}
	n, err := h.ReadCloser.Read(p)
	if h.reading {
		h.left -= n
	}
	return n, err
}

// parts are the parts of a form, each with a short header.
type parts struct {
	form  *multipart.Reader
	heads *heads
}

// NextPart returns the next part. The one before must have been read to its end.
func (p parts) NextPart() (*multipart.Part, error) {
	p.heads.reading, p.heads.left = true, maxHead
	defer func() { p.heads.reading = false }()
	return p.form.NextPart()
}

// maxField limits operations and map. They are read into memory, where an ordinary request
// could have more.
const maxField int64 = 1 << 20

// leastStored is the least number of bytes of a file that are stored in a second.
const leastStored = 128 << 10

// Supports implements graphql.Transport.
func (Multipart) Supports(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && r.Method == http.MethodPost && media == "multipart/form-data"
}

// Do implements graphql.Transport.
func (t Multipart) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	leave, err := t.Admit(r.Context())
	if err != nil {
		// Otherwise net/http would wait for the rest before it answers.
		w.Header().Set("Connection", "close")
		respond(w, r, failed(err))
		return
	}
	defer leave()
	if r.ContentLength > t.UploadBytes {
		respond(w, r, failed(unread(&http.MaxBytesError{Limit: t.UploadBytes})))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, t.UploadBytes)
	kept := &store{memory: t.UploadMemory, room: endless{}}
	if t.Stored != nil {
		kept.room = t.Stored(r.Context())
	}
	defer kept.close()
	room := t.Limits.room(r.Context())
	defer room.Leave()
	start := graphql.Now()
	params, bad := t.read(r, exec, kept, room)
	if bad != nil {
		w.Header().Set("Connection", "close")
		respond(w, r, t.refusal(r.Context(), exec, bad))
		return
	}
	if kept.refused != nil {
		w.Header().Set("Connection", "close")
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	ctx, err := t.Limits.arrived(r.Context())
	if err != nil {
		respond(w, r, failed(err))
		return
	}
	if t.Patience > 0 {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(ctx, t.Patience+time.Duration(kept.size/leastStored)*time.Second)
		defer end()
	}
	respond(w, r, execute(ctx, exec, params, noStreams))
}

// refusal shows an error that is meant for people, and lets the presenter log what went
// wrong on the server, such as a full disk.
func (Multipart) refusal(ctx context.Context, exec graphql.GraphExecutor, err error) *graphql.Response {
	var known *gqlerror.Error
	if errors.As(err, &known) {
		return failed(known)
	}
	var list gqlerror.List
	if errors.As(err, &list) {
		return exec.DispatchError(graphql.WithOperationContext(ctx, &graphql.OperationContext{}), list)
	}
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
}

func (t Multipart) read(r *http.Request, exec graphql.GraphExecutor, kept *store,
	room *counted) (*graphql.RawParams, error) {
	heads := &heads{ReadCloser: r.Body}
	r.Body = heads
	reader, err := r.MultipartReader()
	form := parts{reader, heads}
	if err != nil {
		return nil, Errorf(badRequest, "The multipart form cannot be read: its Content-Type has no boundary.")
	}
	operations, err := t.field(form, "operations", "first", room)
	if err != nil {
		return nil, err
	}
	params, bad := t.Limits.parse(r.Context(), operations, room)
	if bad != nil {
		return nil, bad
	}
	text, err := t.field(form, "map", "second", room)
	if err != nil {
		return nil, err
	}
	size, bad := t.Limits.bounded("map", text)
	if bad == nil {
		bad = room.Hold(r.Context(), size)
	}
	if bad == nil {
		copied, _ := decoded(operations) // for takes
		bad = room.Hold(r.Context(), copied)
	}
	if bad != nil {
		return nil, bad
	}
	var paths map[string][]string
	if err := json.Unmarshal(text, &paths); err != nil {
		return nil, notJSON("The part map", err)
	}
	if len(paths) > t.Files {
		return nil, Errorf(badRequest, "The request has more than %d files.", t.Files)
	}
	if err := t.takes(r, exec, *params, paths, kept); err != nil {
		return nil, err
	}
	if kept.refused != nil {
		for _, places := range paths {
			_ = t.put(params, places, graphql.Upload{File: refusedFile{kept.refused}}) // as before
		}
		return params, nil
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unread(err)
		}
		name := part.FormName()
		places, known := paths[name]
		if !known {
			return nil, Errorf(badRequest, "The part map does not name the file %s, or the request holds it twice.",
				quote.Text(shorten(name)))
		}
		delete(paths, name)
		if err := t.file(params, part, places, kept); err != nil {
			return nil, err
		}
	}
	for name := range paths {
		return nil, Errorf(badRequest, "The file %s, which the part map names, is missing.", quote.Text(shorten(name)))
	}
	return params, nil
}

// takes finds out, before a file is read, whether the operation can run with files and
// takes them.
func (t Multipart) takes(r *http.Request, exec graphql.GraphExecutor, params graphql.RawParams,
	paths map[string][]string, kept *store) error {
	if len(paths) == 0 {
		return nil
	}
	// takes gets a copy, because the files are put into the variables when they have
	// arrived.
	params.Variables, _ = clone(params.Variables).(map[string]any)
	for name, places := range paths {
		empty := graphql.Upload{File: io.NewSectionReader(bytes.NewReader(nil), 0, 0), Filename: name}
		if err := t.put(&params, places, empty); err != nil {
			return err
		}
	}
	now := graphql.Now()
	params.Headers, params.ReadTime = r.Header, graphql.TraceTiming{Start: now, End: now}
	oc, errs := exec.CreateOperationContext(r.Context(), &params)
	if errs != nil {
		return errs
	}
	if err := noStreams(oc.Operation.Operation); err != nil {
		return err
	}
	if t.Takes == nil {
		return nil
	}
	err := t.Takes(graphql.WithOperationContext(r.Context(), oc), oc, len(paths))
	var known *gqlerror.Error
	if errors.As(err, &known) {
		return known
	}
	kept.refused = err
	return nil
}

// clone copies the maps and lists of decoded JSON.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, value := range v {
			c[name] = clone(value)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, value := range v {
			c[i] = clone(value)
		}
		return c
	default:
		return v
	}
}

// refusedFile is a file that nobody has read.
type refusedFile struct{ why error }

func (f refusedFile) Read([]byte) (int, error)       { return 0, f.why }
func (f refusedFile) Seek(int64, int) (int64, error) { return 0, f.why }

// field reads a part that is not a file.
func (t Multipart) field(form parts, name, position string, room Room) ([]byte, error) {
	part, err := form.NextPart()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unread(err)
	}
	if err != nil || part.FormName() != name {
		return nil, Errorf(badRequest, "The %s part of the form must be %s.", position, name)
	}
	most := min(maxField, t.Limits.RequestBytes)
	text, err := io.ReadAll(&metered{Reader: io.LimitReader(part, most+1), room: room})
	if err != nil {
		return nil, unread(err)
	}
	if int64(len(text)) > most {
		return nil, Errorf(tooLarge, "The part %s has more than %d bytes.", name, most)
	}
	return text, nil
}

// file keeps a file and puts it into the variables.
func (t Multipart) file(params *graphql.RawParams, part *multipart.Part, places []string, kept *store) error {
	content, size, err := kept.keep(part)
	if err != nil {
		return err
	}
	kept.size += size
	for _, path := range places {
		// Each place in the variables reads from the beginning.
		upload := graphql.Upload{
			File: io.NewSectionReader(content, 0, size), Size: size,
			Filename: part.FileName(), ContentType: part.Header.Get("Content-Type"),
		}
		if err := t.put(params, []string{path}, upload); err != nil {
			return err
		}
	}
	return nil
}

// put puts a file into the variables.
func (t Multipart) put(params *graphql.RawParams, places []string, upload graphql.Upload) error {
	if len(places) == 0 || len(places) > t.Files {
		return Errorf(badRequest, "The part map must name, for each file, its place in the variables.")
	}
	for _, path := range places {
		if !place(params.Variables, strings.Split(path, "."), upload) {
			return Errorf(badRequest, "The part map puts a file at %s, but the operation has no null there.",
				quote.Text(shorten(path)))
		}
	}
	return nil
}

// place puts a file where the variables have null, and reports whether they do.
func place(variables map[string]any, path []string, upload graphql.Upload) bool {
	if len(path) < 2 || path[0] != "variables" {
		return false
	}
	var at any = variables
	for i, step := range path[1:] {
		last := i == len(path)-2
		var there any
		var put func()
		switch v := at.(type) {
		case map[string]any:
			value, known := v[step]
			if !known {
				return false
			}
			there, put = value, func() { v[step] = upload }
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return false
			}
			there, put = v[n], func() { v[n] = upload }
		default:
			return false
		}
		if last {
			if there != nil {
				return false
			}
			put()
			return true
		}
		at = there
	}
	return false
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
