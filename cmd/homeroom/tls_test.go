package main_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// certify writes a certificate of this machine into a folder and returns what a
// client must know of it.
func certify(t *testing.T, folder string) (cert, key string, known *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	known = x509.NewCertPool()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der},
		key:  {Type: "PRIVATE KEY", Bytes: encoded},
	} {
		text := pem.EncodeToMemory(block)
		known.AppendCertsFromPEM(text)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, known
}

func TestHTTPSWithACertificate(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	cert, key, known := certify(t, in.folder)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	in.web = &http.Client{
		Jar:       jar,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}, ForceAttemptHTTP2: true},
	}
	in.run("seed", "--students", "60")
	s := in.start("serve", "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(s.address, "https://") {
		t.Fatalf("the server says %s", s.said)
	}

	district := globalid.Encode(globalid.Organization, 1)
	post := func(t *testing.T, query string) *http.Response {
		t.Helper()
		answer, err := in.web.Post(s.address+"/graphql", "application/json",
			strings.NewReader(`{"query":`+strconv.Quote(query)+`}`))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	t.Run("cookies stay with HTTPS", func(t *testing.T) {
		answer := post(t,
			`mutation { signIn(input: {email: "district@example.com", password: "homeroom"}) { userErrors { code } } }`)
		cookies := answer.Cookies()
		if answer.Proto != "HTTP/2.0" || len(cookies) != 2 {
			t.Errorf("%s, cookies %v", answer.Proto, cookies)
		}
		for _, c := range cookies {
			if !c.Secure || !c.HttpOnly {
				t.Errorf("the cookie %v", c)
			}
		}
	})
	t.Run("the Host that a client sends is in no address", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodPost, s.address+"/graphql",
			strings.NewReader(`{"query":`+
				strconv.Quote(`{ dashboardNotifications(organizationId: "`+district+`") { csvUrl } }`)+`}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range jar.Cookies(request.URL) {
			request.AddCookie(c)
		}
		request.Host = "evil.example"
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Forwarded-Host", "evil.example")
		request.Header.Set("Forwarded", "host=evil.example")
		answer, err := in.web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		line, err := bufio.NewReader(answer.Body).ReadString('}')
		if err != nil || !strings.Contains(line, `"csvUrl":"/downloads/`) || strings.Contains(line, "evil") {
			t.Errorf("%s, %v", line, err)
		}
	})
	t.Run("a WebSocket is opened", func(t *testing.T) {
		address, err := url.Parse(s.address)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		header := http.Header{"Origin": {s.address}}
		for _, c := range jar.Cookies(address) {
			header.Add("Cookie", c.String())
		}
		// A WebSocket is HTTP/1.1, also for browsers.
		conn, _, err := websocket.Dial(ctx, "wss"+strings.TrimPrefix(s.address, "https")+"/graphql", &websocket.DialOptions{
			Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header,
			HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.CloseNow() }()
		if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
			t.Fatal(err)
		}
		if _, text, err := conn.Read(ctx); err != nil || !strings.Contains(string(text), "connection_ack") {
			t.Errorf("%s, %v", text, err)
		}
	})
	t.Run("a stream of events arrives by HTTP/2", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodGet,
			s.address+"/graphql?query="+
				url.QueryEscape(`subscription { dashboardNotifications(organizationId: "`+district+`") { count } }`), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		answer, err := in.web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
		}
		if answer.Proto != "HTTP/2.0" || !strings.Contains(lines.Text(), "count") {
			t.Errorf("%s: %s", answer.Proto, lines.Text())
		}
	})
	in.web.CloseIdleConnections()
	s.stop()
}
