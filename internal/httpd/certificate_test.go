package httpd_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

// pair is a certificate of a machine with its key, in PEM.
func pair(t *testing.T, serial int64, until time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
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
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	folder, roots := t.TempDir(), x509.NewCertPool()
	files := config.TLS{Cert: filepath.Join(folder, "cert.pem"), Key: filepath.Join(folder, "key.pem")}
	renew := func(serial int64) (cert, key []byte) {
		cert, key = pair(t, serial, time.Now().Add(time.Hour))
		roots.AppendCertsFromPEM(cert)
		return cert, key
	}
	cert, key := renew(1)
	write(t, files.Cert, cert)
	write(t, files.Key, key)
	s := start(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) },
		func(c *config.Server, _ *httpd.Deps) { c.TLS = files })
	address := strings.TrimPrefix(s.url, "http://")
	shown := func(t *testing.T) int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	soon := func(t *testing.T, what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if is() {
				return
			}
		}
		t.Fatalf("%s: not at all; the log says %s", what, s.log)
	}

	t.Run("requests come by HTTP/2 and are told to stay with HTTPS", func(t *testing.T) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		answer, err := (&http.Client{Transport: transport}).Get("https://" + address + "/graphql")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || string(body) != "HTTP/2.0" || answer.Header.Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("%s, %v, %v", body, err, answer.Header)
		}
	})
	t.Run("versions of TLS that are broken are refused", func(t *testing.T) {
		conn, err := tls.Dial("tcp", address,
			&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err == nil {
			conn.Close()
			t.Error("TLS 1.1 is spoken")
		}
	})
	t.Run("a certificate that is renewed is shown without a restart, when both files are there", func(t *testing.T) {
		cert, key := renew(2)
		write(t, files.Cert, cert)
		soon(t, "the half of a pair is told", func() bool {
			return strings.Contains(s.log.String(), "keeps the old certificate")
		})
		if n := shown(t); n != 1 {
			t.Errorf("certificate %d is shown", n)
		}
		write(t, files.Key, key)
		soon(t, "the new certificate", func() bool { return shown(t) == 2 })
	})
	t.Run("a certificate behind a link that is set anew is seen as well", func(t *testing.T) {
		for _, path := range []string{files.Cert, files.Key} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		cert, key := renew(3)
		elsewhere := filepath.Join(folder, "renewed")
		if err := os.Mkdir(elsewhere, 0o700); err != nil {
			t.Fatal(err)
		}
		for path, content := range map[string][]byte{files.Cert: cert, files.Key: key} {
			target := filepath.Join(elsewhere, filepath.Base(path))
			write(t, target, content)
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		}
		soon(t, "the new certificate", func() bool { return shown(t) == 3 })
	})
	t.Run("an expired certificate does not replace a good one", func(t *testing.T) {
		cert, key := pair(t, 4, time.Now().Add(-time.Hour))
		write(t, files.Cert, cert)
		write(t, files.Key, key)
		soon(t, "the warning", func() bool { return strings.Contains(s.log.String(), "expired on") })
		if n := shown(t); n != 3 {
			t.Errorf("certificate %d is shown", n)
		}
	})
	if log := s.log.String(); strings.Contains(log, "PRIVATE KEY") {
		t.Error("the log tells the key")
	}
}

func TestHTTPSByAProxy(t *testing.T) {
	t.Parallel()
	s := start(t, func(http.ResponseWriter, *http.Request) {}, func(c *config.Server, _ *httpd.Deps) {
		c.PublicURL = "https://h.example.org"
	})
	answer, err := http.Get(s.url + "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to stay with HTTPS")
	}
}

func TestTheFilesOfACertificateAreChecked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		write(t, path, content)
		return path
	}
	goodCert, goodKey := pair(t, 1, time.Now().Add(time.Hour))
	_, otherKey := pair(t, 2, time.Now().Add(time.Hour))
	oldCert, oldKey := pair(t, 3, time.Now().Add(-time.Hour))
	cert, key := file("cert", goodCert), file("key", goodKey)
	for name, c := range map[string]struct {
		files config.TLS
		want  string
	}{
		"a pair":                         {config.TLS{Cert: cert, Key: key}, ""},
		"nothing":                        {config.TLS{}, ""},
		"a certificate alone":            {config.TLS{Cert: cert}, "--tls-key"},
		"a key alone":                    {config.TLS{Key: key}, "--tls-cert"},
		"a file that is not there":       {config.TLS{Cert: cert, Key: filepath.Join(folder, "no")}, "--tls-key or HOMEROOM_TLS_KEY: " + filepath.Join(folder, "no") + " cannot be read: no such file"},
		"a key for a certificate":        {config.TLS{Cert: key, Key: key}, "not a certificate and its key"},
		"a key of another certificate":   {config.TLS{Cert: cert, Key: file("other", otherKey)}, "does not match"},
		"a certificate that has expired": {config.TLS{Cert: file("old", oldCert), Key: file("oldkey", oldKey)}, "expired on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.files.Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
}
