package transport_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

const (
	uploadBytes  = 48 << 20
	uploadMemory = 64 << 10
)

// form is a multipart request, its parts given as name, content, name, content. A
// name that begins with a digit is a file.
func form(parts ...string) (string, io.Reader) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(parts); i += 2 {
		if parts[i][0] >= '0' && parts[i][0] <= '9' {
			part, _ := w.CreateFormFile(parts[i], "name"+parts[i]+".csv")
			_, _ = io.WriteString(part, parts[i+1])
		} else {
			_ = w.WriteField(parts[i], parts[i+1])
		}
	}
	_ = w.Close()
	return w.FormDataContentType(), &body
}

func files(admit func(context.Context) (func(), *gqlerror.Error)) transport.Multipart {
	if admit == nil {
		admit = func(context.Context) (func(), *gqlerror.Error) { return func() {}, nil }
	}
	return transport.Multipart{
		Limits:       limits,
		UploadBytes:  uploadBytes,
		UploadMemory: uploadMemory,
		Files:        3,
		Admit:        admit,
	}
}

// contents reads the files of the variables, each to its end.
func contents(ctx context.Context) *graphql.Response {
	seen := []string{}
	var find func(v any)
	find = func(v any) {
		switch x := v.(type) {
		case graphql.Upload:
			text, err := io.ReadAll(x.File)
			if err != nil || int64(len(text)) != x.Size {
				seen = append(seen, fmt.Sprint(err, len(text), x.Size))
			}
			seen = append(seen, x.Filename+"="+string(text))
		case []any:
			for _, each := range x {
				find(each)
			}
		case map[string]any:
			for _, name := range []string{"file", "other", "in", "files"} {
				find(x[name])
			}
		}
	}
	find(graphql.GetOperationContext(ctx).Variables)
	return &graphql.Response{Data: []byte(fmt.Sprintf("%q", strings.Join(seen, " ")))}
}

const (
	oneFile  = `{"query":"mutation($file: Upload, $other: Upload) { ok(file: $file, other: $other) }","variables":{"file":null,"other":null}}`
	manyFile = `{"query":"mutation($in: In) { ok(in: $in) }","variables":{"in":{"files":[null,null]}}}`
)

func TestUploads(t *testing.T) {
	t.Parallel()
	address := serve(t, contents, files(nil))
	for _, c := range []struct {
		what   string
		parts  []string
		status int
		want   string
	}{
		{"a file", []string{"operations", oneFile, "map", `{"0":["variables.file"]}`, "0", "abc"}, 200, `{"data":"name0.csv=abc"}`},
		{"an empty file", []string{"operations", oneFile, "map", `{"0":["variables.file"]}`, "0", ""}, 200, `{"data":"name0.csv="}`},
		{"files in a list", []string{"operations", manyFile, "map", `{"0":["variables.in.files.0"],"1":["variables.in.files.1"]}`, "1", "b", "0", "a"}, 200, `{"data":"name0.csv=a name1.csv=b"}`},
		{"one file in two places", []string{"operations", oneFile, "map", `{"0":["variables.file","variables.other"]}`, "0", "abc"}, 200, `{"data":"name0.csv=abc name0.csv=abc"}`},
		{"no operations", []string{"map", `{}`}, 400, "first part"},
		{"no map", []string{"operations", oneFile, "0", "abc"}, 400, "second part"},
		{"a file before the map", []string{"operations", oneFile, "0", "abc", "map", `{"0":["variables.file"]}`}, 400, "second part"},
		{"several operations", []string{"operations", "[" + oneFile + "]", "map", `{"0":["0.variables.file"]}`, "0", "abc"}, 400, "BATCHING"},
		{"operations that are no JSON", []string{"operations", `{"query":"secret"`, "map", `{}`}, 400, "not valid JSON"},
		{"a map that is no JSON", []string{"operations", oneFile, "map", `{`}, 400, "not valid JSON"},
		{"a file that is missing", []string{"operations", oneFile, "map", `{"0":["variables.file"]}`}, 400, "is missing"},
		{"a file that the map does not name", []string{"operations", oneFile, "map", `{}`, "0", "abc"}, 400, "does not name"},
		{"a file twice", []string{"operations", oneFile, "map", `{"0":["variables.file"]}`, "0", "abc", "0", "abc"}, 400, "twice"},
		{"a file for no place", []string{"operations", oneFile, "map", `{"0":[]}`, "0", "abc"}, 400, "its place in the variables"},
		{"too many files", []string{"operations", oneFile, "map", `{"0":[],"1":[],"2":[],"3":[]}`}, 400, "more than 3 files"},
		{"a place that there is not", []string{"operations", oneFile, "map", `{"0":["variables.nothing"]}`, "0", "abc"}, 400, "no null"},
		{"a place outside of the variables", []string{"operations", oneFile, "map", `{"0":["query"]}`, "0", "abc"}, 400, "no null"},
		{"a place behind the end of a list", []string{"operations", manyFile, "map", `{"0":["variables.in.files.2"]}`, "0", "abc"}, 400, "no null"},
		{"a place before the beginning of a list", []string{"operations", manyFile, "map", `{"0":["variables.in.files.-1"]}`, "0", "abc"}, 400, "no null"},
		{"a place below a list that is no number", []string{"operations", manyFile, "map", `{"0":["variables.in.files.x"]}`, "0", "abc"}, 400, "no null"},
		{"a place below a file", []string{"operations", oneFile, "map", `{"0":["variables.file.x"]}`, "0", "abc"}, 400, "no null"},
		{"two files for a place", []string{"operations", oneFile, "map", `{"0":["variables.file"],"1":["variables.file"]}`, "0", "a", "1", "b"}, 400, "no null"},
		{"operations that are too long", []string{"operations", strings.Repeat(" ", 1<<20+1), "map", `{}`}, 413, "PAYLOAD_TOO_LARGE"},
		{"a map that is too long", []string{"operations", oneFile, "map", strings.Repeat(" ", 1<<20+1)}, 413, "PAYLOAD_TOO_LARGE"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			media, body := form(c.parts...)
			r := send(t, "POST", address, body, contentType, media, "Accept", acceptResult)
			if r.status != c.status || !strings.Contains(r.body, c.want) || strings.Contains(r.body, "secret") {
				t.Errorf("got %d %s, want %d %s", r.status, r.body, c.status, c.want)
			}
		})
	}

	t.Run("a form without a boundary, and one that is cut off", func(t *testing.T) {
		t.Parallel()
		if r := send(t, "POST", address, strings.NewReader("x"), contentType, "multipart/form-data"); r.status != 400 {
			t.Errorf("got %d %s", r.status, r.body)
		}
		media, body := form("operations", oneFile, "map", `{"0":["variables.file"]}`, "0", strings.Repeat("x", 1000))
		if r := send(t, "POST", address, io.LimitReader(body, 900), contentType, media); r.status != 400 {
			t.Errorf("got %d %s", r.status, r.body)
		}
	})

	t.Run("a stranger's body is not read", func(t *testing.T) {
		t.Parallel()
		address := serve(t, contents, files(func(context.Context) (func(), *gqlerror.Error) {
			return nil, transport.Errorf("UNAUTHENTICATED", "Sign in first.")
		}))
		r := send(t, "POST", address, strings.NewReader("nonsense"), contentType, "multipart/form-data; boundary=x",
			"Accept", acceptResult)
		if r.status != 401 || r.code() != "UNAUTHENTICATED" {
			t.Errorf("got %d %s", r.status, r.body)
		}
	})
}

// zeros is a file of a size that nobody knows in advance.
func zeros(size int64) (string, io.Reader) {
	media, whole := form("operations", oneFile, "map", `{"0":["variables.file"]}`, "0", "HERE")
	text, _ := io.ReadAll(whole)
	before, after, _ := bytes.Cut(text, []byte("HERE"))
	// Without a length the client sends it in chunks.
	return media, io.MultiReader(bytes.NewReader(before), io.LimitReader(nothing{}, size), bytes.NewReader(after))
}

type nothing struct{}

func (nothing) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestLargeUploads changes the folder for temporary files, so it runs alone.
func TestLargeUploads(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var sizes []int64
	var names []os.DirEntry
	address := serve(t, func(ctx context.Context) *graphql.Response {
		upload := graphql.GetOperationContext(ctx).Variables["file"].(graphql.Upload)
		n, err := io.Copy(io.Discard, upload.File)
		if err != nil || n != upload.Size {
			t.Errorf("read %d of %d bytes, %v", n, upload.Size, err)
		}
		sizes = append(sizes, n)
		names, _ = os.ReadDir(folder)
		return fine(ctx)
	}, files(nil))

	t.Run("a file goes to the disk in constant memory, and has no name there", func(t *testing.T) {
		allocated := func(size int64) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			media, body := zeros(size)
			if r := send(t, "POST", address, body, contentType, media); r.status != 200 {
				t.Fatalf("got %d %s", r.status, r.body)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		allocated(1 << 20) // the first request also fills pools
		small, large := allocated(1<<20), allocated(32<<20)
		if large > 3*small+1<<20 {
			t.Errorf("1 MB took %d bytes of memory, 32 MB took %d", small, large)
		}
		if len(sizes) != 3 || sizes[2] != 32<<20 {
			t.Errorf("the resolver read %v", sizes)
		}
		if len(names) != 0 {
			t.Errorf("the temporary folder shows %v", names)
		}
	})

	t.Run("what is too large is refused with 413, also where its length is not known in advance", func(t *testing.T) {
		done := len(sizes)
		media, body := zeros(uploadBytes + 1)
		if r := send(t, "POST", address, body, contentType, media); r.status != 413 || r.code() != "PAYLOAD_TOO_LARGE" {
			t.Errorf("got %d %s", r.status, r.body)
		}
		req, err := http.NewRequest("POST", address, io.LimitReader(nothing{}, uploadBytes+1))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = uploadBytes + 1
		req.Header.Set(contentType, media)
		req.Header.Set("Expect", "100-continue")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != 413 {
			t.Errorf("got %d", resp.StatusCode)
		}
		if len(sizes) != done {
			t.Error("the resolver ran")
		}
		if left, _ := os.ReadDir(folder); len(left) != 0 {
			t.Errorf("left %v", left)
		}
	})
}
