package page_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/httpd/page"
)

// published are the checksums of the files as their authors publish them; asset/README.md says where.
var published = map[string]string{
	"graphiql.min.js":             "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
	"graphiql.min.css":            "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
	"react.production.min.js":     "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
	"react-dom.production.min.js": "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d",
}

// addresses are the files that the page of GraphiQL refers to.
func addresses(t *testing.T, handler http.Handler) []string {
	t.Helper()
	body := get(t, handler, "/graphiql").Body.String()
	found := regexp.MustCompile(`/graphiql/assets/[^"]+`).FindAllString(body, -1)
	if len(found) != len(published)+1 {
		t.Fatalf("the page refers to %d files, want %d and the licenses: %v", len(found), len(published), found)
	}
	return found
}

// getWith asks for one address with the given Accept-Encoding.
func getWith(handler http.Handler, address, encoding string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, address, nil)
	if encoding != "" {
		request.Header.Set("Accept-Encoding", encoding)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func TestAssetsAreServedUnchangedAndForGood(t *testing.T) {
	t.Parallel()
	// The files are public, so that a browser or a proxy in between need not know who asks.
	handler := graphiqlFor(page.SignedOut)
	for _, address := range addresses(t, graphiqlFor(page.Administrator)) {
		answer := getWith(handler, address, "")
		if answer.Code != http.StatusOK {
			t.Fatalf("%s answers %d", address, answer.Code)
		}
		name := path.Base(address)
		wantType := map[string]string{
			".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", "": "text/plain; charset=utf-8",
		}[path.Ext(name)]
		for header, want := range map[string]string{
			"Content-Type":           wantType,
			"Cache-Control":          "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff",
			"Vary":                   "Accept-Encoding",
			"Content-Encoding":       "",
			"Content-Length":         strconv.Itoa(answer.Body.Len()),
		} {
			if got := answer.Header().Get(header); got != want {
				t.Errorf("%s of %s is %q, want %q", header, name, got, want)
			}
		}
		hash := sha256.Sum256(answer.Body.Bytes())
		if want, ok := published[name]; ok && hex.EncodeToString(hash[:]) != want {
			t.Errorf("%s is not the file that its authors publish", name)
		}
		if !strings.Contains(address, hex.EncodeToString(hash[:8])) {
			t.Errorf("the address %s does not change with the content", address)
		}
	}
}

func TestAssetsAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	handler := graphiqlFor(page.Administrator)
	address := addresses(t, handler)[0]
	plain := getWith(handler, address, "").Body.String()
	for encoding, zipped := range map[string]bool{
		"gzip, deflate, br": true, "br;q=1.0, GZIP;q=0.5": true, "*": true,
		"br": false, "gzip;q=0": false, "identity, *;q=0": false, "*, gzip; q=0": false,
	} {
		answer := getWith(handler, address, encoding)
		if got := answer.Header().Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("with %q compression is %t, want %t", encoding, got, zipped)
			continue
		}
		if !zipped {
			continue
		}
		if answer.Body.Len() >= len(plain) {
			t.Errorf("compressed the file has %d bytes, plain %d", answer.Body.Len(), len(plain))
		}
		reader, err := gzip.NewReader(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(reader); err != nil || string(content) != plain {
			t.Errorf("with %q the content is another one, error %v", encoding, err)
		}
	}
}

func TestUnknownAssetsAreNotFound(t *testing.T) {
	t.Parallel()
	handler := graphiqlFor(page.Administrator)
	known := addresses(t, handler)[0]
	for _, address := range []string{
		"/graphiql/assets/", "/graphiql/assets/graphiql.min.js", "/graphiql/assets/README.md", known + "/", known + ".map",
		"/graphiql/assets/0000000000000000/" + path.Base(known), "/graphiql/assets/../../page.go",
	} {
		answer := getWith(handler, address, "")
		if answer.Code != http.StatusNotFound || answer.Header().Get("Cache-Control") != "" {
			t.Errorf("%s answers %d, want 404 that nobody keeps", address, answer.Code)
		}
	}
}

// elsewhere finds what a browser would fetch from a page or a style sheet by itself.
var elsewhere = regexp.MustCompile(
	`(?i)(?:\bsrc(?:set)?\s*=|\bhref\s*=|\baction\s*=|\burl\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s>]*)`)

func TestNothingIsFetchedFromAnotherHost(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for name, show := range everyPage(t) {
		texts[name] = show().Body.String()
		// Beside the name of the SVG namespace, which is never fetched, the pages have no complete address at all.
		rest := strings.ReplaceAll(texts[name], "http://www.w3.org/2000/svg", "")
		if strings.Contains(rest, "http://") || strings.Contains(rest, "https://") {
			t.Errorf("the %s page has a complete address", name)
		}
	}
	handler := graphiqlFor(page.Administrator)
	for _, address := range addresses(t, handler) {
		if path.Ext(address) == ".css" {
			texts[address] = getWith(handler, address, "").Body.String()
		}
	}
	for name, text := range texts {
		for _, found := range elsewhere.FindAllStringSubmatch(text, -1) {
			t.Errorf("%s refers to %s", name, found[1])
		}
	}
}
