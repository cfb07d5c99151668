package dashboard_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/openhomeroom/homeroom/internal/dashboard"
)

func ask(t *testing.T, method, address, encoding string) (*httptest.ResponseRecorder, bool) {
	t.Helper()
	r := httptest.NewRequest(method, address, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	known := dashboard.New().Serve(w, r)
	return w, known
}

func TestWhichAddressesAreTheDashboards(t *testing.T) {
	t.Parallel()
	known := []string{"/", "/students", "/students?groups=none&active=yes", "/jobs/job_1", "/import", "/icon.svg"}
	unknown := []string{
		"/nothing", "/studentsx", "/index.html", "/operations.json", "/dist/index.html", "/assets/", "/assets/nothing.js",
		"/assets/../index.html", "/icon.svg.br", "/icon.svg.gz", "/students.js", "/web/package.json",
	}
	for _, address := range known {
		if answer, is := ask(t, http.MethodGet, address, ""); !is || answer.Code != http.StatusOK {
			t.Errorf("%s: %v, %d", address, is, answer.Code)
		}
		if answer, is := ask(t, http.MethodPost, address, ""); !is || answer.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %v, %d", address, is, answer.Code)
		}
	}
	for _, address := range unknown {
		if answer, is := ask(t, http.MethodGet, address, ""); is || answer.Body.Len() > 0 {
			t.Errorf("%s is answered with %q", address, answer.Body)
		}
	}
}

// TestScreensAreThoseOfTheApplication compares the addresses with the list from which the
// navigation is built.
func TestScreensAreThoseOfTheApplication(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("web/src/frame/screens.ts")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`everyScreen = \[([^\]]+)\]`).FindSubmatch(text)
	if list == nil {
		t.Fatal("there is no list of screens")
	}
	var screens []string
	for _, quoted := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(string(list[1]), -1) {
		screens = append(screens, quoted[1])
	}
	if !slices.Equal(screens, dashboard.Screens) {
		t.Errorf("the application has %q, the server answers for %q", screens, dashboard.Screens)
	}
}

func TestThePageRunsOnlyWhatIsOurs(t *testing.T) {
	t.Parallel()
	first, _ := ask(t, http.MethodGet, "/", "")
	second, _ := ask(t, http.MethodGet, "/", "")
	policy := first.Header().Get("Content-Security-Policy")
	for _, part := range []string{
		"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "connect-src 'self'",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy has no %s: %s", part, policy)
		}
	}
	for _, part := range []string{"unsafe", "*", "http", "blob:"} {
		if strings.Contains(policy, part) {
			t.Errorf("the policy has %s: %s", part, policy)
		}
	}
	nonce := regexp.MustCompile(`script-src 'self' 'nonce-(\w{20,})'`).FindStringSubmatch(policy)
	if nonce == nil || policy == second.Header().Get("Content-Security-Policy") {
		t.Fatalf("each answer needs a nonce of its own: %s", policy)
	}
	page := first.Body.String()
	if strings.Contains(page, "NONCE") || !strings.Contains(page, nonce[1]) {
		t.Error("the nonce is not in the page")
	}
	for _, script := range regexp.MustCompile(`<script[^>]*>`).FindAllString(page, -1) {
		if !strings.Contains(script, `nonce="`+nonce[1]+`"`) {
			t.Errorf("%s has no nonce", script)
		}
	}
	if regexp.MustCompile(`(?i)https?:|\son\w+=`).MatchString(page) {
		t.Error("the page names another host, or has a handler of its own")
	}
}

// files are the built files, without their compressed forms.
func files(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("dist/assets/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	all := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all["/assets/"+filepath.Base(name)] = string(text)
	}
	return all
}

func TestFilesAreKeptForGoodAndArriveCompressed(t *testing.T) {
	t.Parallel()
	for address, want := range files(t) {
		font := strings.HasSuffix(address, ".woff2")
		for offered, chosen := range map[string]string{
			"": "", "gzip, deflate, br, zstd": "br", "gzip": "gzip", "br;q=0, gzip": "gzip", "*": "br", "*;q=0": "",
			"identity": "",
		} {
			answer, known := ask(t, http.MethodGet, address, offered)
			header := answer.Header()
			if font {
				chosen = ""
			}
			if !known || header.Get("Content-Encoding") != chosen ||
				header.Get("Cache-Control") != "public, max-age=31536000, immutable" || header.Get("Vary") != "Accept-Encoding" ||
				header.Get("Content-Type") == "" {
				t.Errorf("%s for %q: %v", address, offered, header)
			}
			var body io.Reader = answer.Body
			switch chosen {
			case "br":
				// Nothing here reads brotli; that the file is what the sources build to has a check of its own.
				if answer.Body.Len() == 0 || answer.Body.Len() >= len(want) {
					t.Errorf("%s has %d bytes of brotli for %d", address, answer.Body.Len(), len(want))
				}
				continue
			case "gzip":
				reader, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = reader
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != want {
				t.Errorf("%s for %q is another file (%v)", address, offered, err)
			}
		}
	}
}

func TestNothingIsMadeOfText(t *testing.T) {
	t.Parallel()
	for address, text := range files(t) {
		if !strings.HasSuffix(address, ".js") {
			continue
		}
		if found := regexp.MustCompile(`\beval\(|\bnew Function\(|\bFunction\(["']`).FindString(text); found != "" {
			t.Errorf("%s has %s", address, found)
		}
	}
}

func TestTheOperationsAreInTheContract(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	documents := dashboard.Operations()
	if len(documents) < 15 {
		t.Errorf("there are only %d operations", len(documents))
	}
	for _, document := range documents {
		parsed, problems := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
		if problems != nil {
			t.Errorf("%s: %v", document, problems)
		} else if len(parsed.Operations) != 1 || parsed.Operations[0].Name == "" {
			t.Errorf("a document holds one named operation: %s", document)
		}
	}
}
