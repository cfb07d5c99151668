package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/operation"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// password is the one of every educator of the tests.
const password = "correct horse"

// cheap is a cost of argon2id at which tests do not wait.
var cheap = passwd.Cost{Memory: 64, Time: 1}

// publicURL is the address of the servers.
const publicURL = "https://homeroom.example.org"

func clock() time.Time { return fixture.Today }

// server is the endpoint over a world, as clients see it.
type server struct {
	*fixture.World
	http     *httptest.Server
	importer *jobs.Service
	identity *identity.Service
	// downloads answers below /downloads/.
	downloads http.Handler
	// mails are the mails that were sent; for tests that run identity.
	mails chan identity.Mail
	// endpoint is the handler behind the HTTP server.
	endpoint http.Handler
	tokens   sync.Map
	// minutes are how much later it is for the audit trail, which records a number of
	// refusals a minute.
	minutes atomic.Int64

	// statements is how many SQL statements the last operation took, without those that
	// find out the caller.
	statements atomic.Int64
}

func newServer(t testing.TB, d *database.DB, change ...func(*graph.Limits)) *server {
	t.Helper()
	return newServerOf(t, fixture.New(t, d), change...)
}

// newServerOf is a server of a world that is there.
func newServerOf(t testing.TB, w *fixture.World, change ...func(*graph.Limits)) *server {
	t.Helper()
	d := w.DB
	log := testlog.New(t)
	secret := []byte("a secret of the tests, 32 bytes.")
	hasher := passwd.NewHasher(cheap)
	s := &server{World: w, mails: make(chan identity.Mail, 10)}
	later := func() time.Time { return clock().Add(time.Duration(s.minutes.Load()) * time.Minute) }
	trail := audit.New(d, later, log)
	r := &graph.Resolver{DB: d, Audit: trail, Log: log}
	aead, err := seal.NewReader(secret, nil, "second factors")
	if err != nil {
		t.Fatal(err)
	}
	site, err := factor.NewSite("Homeroom", publicURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Identity = identity.New(d,
		identity.Options{
			Hasher:   hasher,
			Audit:    trail,
			Lifetime: time.Hour,
			Now:      clock,
			Log:      log,
			LinkBase: publicURL,
			Factors:  identity.Factors{Seal: aead, Site: site},
			Send: func(_ context.Context, m identity.Mail) error {
				noteSecrets(m.Text)
				s.mails <- m
				return nil
			},
		})
	s.identity = r.Identity
	r.Operations = operation.New(d, clock)
	r.Usage = usage.New(d, clock, log)
	r.Roster = roster.New(d, roster.Options{Hash: hasher.Hash, Recount: usage.RecountStudents, Now: clock, Log: log})
	r.Settings = setting.New(d, setting.Options{Now: clock, Log: log})
	r.Notify = notify.New(d, r.Usage, log)
	r.Importer = jobs.New(d,
		jobs.Options{
			Key:    secret,
			Hash:   hasher.Hash,
			Viewer: r.Identity.Viewer,
			Kinds:  catalog.Kinds(d, catalog.Needs{Recount: usage.RecountStudents, Now: clock}),
			Now:    clock,
			Log:    log,
		})
	s.importer = r.Importer
	r.Privacy = privacy.New(d, privacy.Options{Importer: r.Importer, Now: clock, Log: log})
	mux := http.NewServeMux()
	s.http = httptest.NewServer(mux)
	t.Cleanup(s.http.Close)
	downloads, err := download.New(download.Options{
		Secret:        secret,
		PublicURL:     s.http.URL,
		Notify:        r.Notify,
		Importer:      r.Importer,
		Privacy:       r.Privacy,
		Export:        export.New(d, r.Roster, r.Usage),
		Audit:         trail,
		SessionViewer: r.Identity.SessionViewer,
		KeyViewer:     r.Identity.KeyViewer,
		Now:           clock,
		Log:           log,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Downloads, s.downloads = downloads, downloads
	limits := graph.Limits{UploadBytes: 1 << 20, UploadMemory: 1 << 16, Uploads: 16}
	for _, c := range change {
		c(&limits)
	}
	endpoint := graph.Authenticate(r.Identity, false, log, s.counted(graph.NewHandler(r, limits)))
	s.endpoint = endpoint
	mux.Handle("/graphql", s.endpoint)
	mux.Handle(download.Path, downloads)

	hash, err := hasher.Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	d.Client(context.Background()).Educator.Update().Where(educator.EmailNEQ("")).SetPasswordHash(hash).
		ExecX(fixture.System())
	return s
}

// counted counts the statements of an operation.
func (s *server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, counter := database.WithCounter(req.Context())
		next.ServeHTTP(w, req.WithContext(ctx))
		s.statements.Store(int64(counter.Statements()))
	})
}

// answer is what the endpoint says.
type answer struct {
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

// code returns extensions.code of the first error, or an empty text.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// at returns what lies at a path of the data, such as "students.nodes.0.id".
func (a answer) at(path string) any {
	var v any = a.Data
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i := 0
			for _, c := range step {
				i = i*10 + int(c-'0')
			}
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// ask sends an operation as an educator; nil is nobody.
func (s *server) ask(t testing.TB, who *db.Educator, query string, variables map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	noteSecrets(string(body))
	var a answer
	if err := json.Unmarshal(s.post(t, who, "application/json", bytes.NewReader(body)), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func (s *server) post(t testing.TB, who *db.Educator, contentType string, body io.Reader) []byte {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.http.URL+"/graphql", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if who != nil {
		req.Header.Set("Authorization", "Bearer "+s.token(t, who))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	noteSecrets(string(content))
	return content
}

// follow opens a link as a browser does, without a token.
func follow(t testing.TB, address string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(content)
}

// secrets matches what must never be logged, as it appears in requests, answers and mails:
// passwords, tokens of sessions, keys of programs, links.
var secrets = regexp.MustCompile(
	`password\\?"?: ?\\?"([^"\\]+)|"(?:token|key|challenge|secret)": ?"([^"]+)"|set-password#(\S+)`)

// secretWords are words that every text with a secret contains. Looking for words is ten
// times as fast, and most texts have none.
var secretWords = []string{"password", `"token"`, `"key"`, `"challenge"`, `"secret"`}

func noteSecrets(text string) {
	if !slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(text, word) }) {
		return
	}
	for _, found := range secrets.FindAllStringSubmatch(text, -1) {
		testlog.Secret(found[1] + found[2] + found[3])
	}
}

// token signs an educator in, once.
func (s *server) token(t testing.TB, who *db.Educator) string {
	t.Helper()
	if token, ok := s.tokens.Load(who.ID); ok {
		return token.(string)
	}
	a := s.ask(t, nil, `mutation($input: SignInInput!) { signIn(input: $input) { token userErrors { message } } }`,
		map[string]any{"input": map[string]any{"email": who.Email, "password": password}})
	token, ok := a.at("signIn.token").(string)
	if !ok {
		t.Fatalf("%s cannot sign in: %+v", who.Email, a)
	}
	s.tokens.Store(who.ID, token)
	return token
}

// callers returns all callers by name.
func (s *server) callers() map[string]*db.Educator {
	return map[string]*db.Educator{
		"nobody": nil, "district admin": s.DistrictAdmin, "north admin": s.NorthAdmin, "south admin": s.SouthAdmin,
		"north teacher": s.NorthTeacher, "south teacher": s.SouthTeacher, "beta admin": s.BetaAdmin,
	}
}

// names replaces {{North}} and the like in a text by ids.
func (s *server) names(extra map[string]string) *strings.Replacer {
	pairs := []string{}
	add := func(name, id string) { pairs = append(pairs, "{{"+name+"}}", id) }
	for name, o := range map[string]*db.Organization{
		"Alpha": s.Alpha,
		"Beta":  s.Beta,
		"North": s.North,
		"South": s.South,
		"East":  s.East,
	} {
		add(name, globalid.Encode(globalid.Organization, o.ID))
	}
	for name, g := range map[string]*db.Group{
		"Algebra":   s.Algebra,
		"Biology":   s.Biology,
		"Synced":    s.Synced,
		"Chemistry": s.Chemistry,
		"Drama":     s.Drama,
	} {
		add(name, globalid.Encode(globalid.Group, g.ID))
	}
	for name, e := range map[string]*db.Educator{
		"DistrictAdmin": s.DistrictAdmin,
		"NorthAdmin":    s.NorthAdmin,
		"NorthTeacher":  s.NorthTeacher,
		"SouthTeacher":  s.SouthTeacher,
		"BetaAdmin":     s.BetaAdmin,
	} {
		add(name, globalid.Encode(globalid.Educator, e.ID))
	}
	for name, id := range extra {
		add(name, id)
	}
	return strings.NewReplacer(pairs...)
}

func studentID(s *db.Student) string { return globalid.Encode(globalid.Student, s.ID) }
