// Package dashboard serves the dashboard: a React application whose sources are in web and
// whose built files are in dist, embedded in the binary. The dashboard is an API client
// like any other. This package knows only its files, the addresses of its screens, and the
// operations that it sends.
package dashboard

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed all:dist
var built embed.FS

// Screens are the first parts of the addresses that the dashboard handles itself. The
// server sends the same page for all of them, so that links to a screen work.
var Screens = []string{"usage", "students", "groups", "import", "jobs", "people", "settings", "audit"}

// nonceMark is replaced in the page by the nonce of each answer.
const nonceMark = "__NONCE__"

// Dashboard answers with the page and its files.
type Dashboard struct {
	page  []byte
	files map[string]*file
}

// file is a file of the dashboard. A browser may keep it forever if its name contains the
// hash of its content. forms holds its prepared encodings.
type file struct {
	contentType string
	kept        bool
	forms       map[string][]byte
}

// New reads the embedded files. It panics if one is missing, because then the program was
// built wrong.
func New() *Dashboard {
	d := &Dashboard{page: mustRead("dist/index.html"), files: map[string]*file{}}
	if err := fs.WalkDir(built, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			d.add(strings.TrimPrefix(name, "dist"), mustRead(name))
		}
		return err
	}); err != nil {
		panic(err)
	}
	return d
}

// encodings are the endings of prepared files, the smallest first.
var encodings = []struct{ ending, name string }{{".br", "br"}, {".gz", "gzip"}, {"", ""}}

func (d *Dashboard) add(address string, content []byte) {
	for _, e := range encodings {
		plain, prepared := strings.CutSuffix(address, e.ending)
		contentType, known := contentTypes[path.Ext(plain)]
		if !prepared || !known {
			continue
		}
		f := d.files[plain]
		if f == nil {
			f = &file{contentType: contentType, kept: strings.HasPrefix(plain, "/assets/"), forms: map[string][]byte{}}
			d.files[plain] = f
		}
		f.forms[e.name] = content
		return
	}
}

// contentTypes are the types of files that are served. Other embedded files, such as the
// list of operations, have no address.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2",
}

// Serve answers if the address belongs to the dashboard. Otherwise it returns false and
// does nothing.
func (d *Dashboard) Serve(w http.ResponseWriter, r *http.Request) bool {
	f, isFile := d.files[r.URL.Path]
	if !isFile && !isScreen(r.URL.Path) {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this page accepts only GET and HEAD", http.StatusMethodNotAllowed)
		return true
	}
	if isFile {
		f.serve(w, r)
	} else {
		d.servePage(w)
	}
	return true
}

func isScreen(address string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(address, "/"), "/")
	return address == "/" || slices.Contains(Screens, first)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", "no-cache")
	if f.kept {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	header.Add("Vary", "Accept-Encoding")
	wanted := accepted(r.Header.Values("Accept-Encoding"))
	for _, e := range encodings {
		body, is := f.forms[e.name]
		if !is || e.name != "" && !wanted(e.name) {
			continue
		}
		if e.name != "" {
			header.Set("Content-Encoding", e.name)
		}
		header.Set("Content-Length", strconv.Itoa(len(body)))
		// It does not matter if a browser goes away in the middle of a file.
		_, _ = w.Write(body)
		return
	}
}

// accepted parses Accept-Encoding: a coding is accepted if it is named, or covered by a
// star, without the weight 0.
func accepted(values []string) func(coding string) bool {
	wanted := map[string]bool{}
	for offer := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, parameter, _ := strings.Cut(offer, ";")
		yes := true
		if weight, given := strings.CutPrefix(strings.TrimSpace(parameter), "q="); given {
			q, err := strconv.ParseFloat(weight, 64)
			yes = err == nil && q > 0
		}
		wanted[strings.ToLower(strings.TrimSpace(coding))] = yes
	}
	return func(coding string) bool {
		yes, named := wanted[coding]
		return yes || !named && wanted["*"]
	}
}

// servePage answers with the page. Scripts that run there come from this server or have
// the nonce of this answer; text never becomes a script, and no other host is contacted.
func (d *Dashboard) servePage(w http.ResponseWriter) {
	nonce := rand.Text()
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+nonce+"'; "+
		"style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	_, _ = w.Write(bytes.ReplaceAll(d.page, []byte(nonceMark), []byte(nonce)))
}

// Operations returns the documents that the dashboard sends, exactly as it sends them. A
// server that runs only registered operations must know them, and every server knows them
// by their hashes.
func Operations() []string {
	var byHash map[string]string
	if err := json.Unmarshal(mustRead("dist/operations.json"), &byHash); err != nil {
		panic(err)
	}
	return slices.Sorted(maps.Values(byHash))
}

func mustRead(name string) []byte {
	content, err := built.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}
