package config

import (
	"bytes"
	"crypto/tls"
	"os"
	"time"
)

// TLS names the files of a certificate and its key, in PEM. They are empty if the server
// speaks HTTP, behind a proxy that speaks HTTPS.
type TLS struct{ Cert, Key string }

// On reports whether the server speaks HTTPS itself.
func (t TLS) On() bool { return t.Cert != "" }

// Pair is a certificate with the content of its files, which shows changes.
type Pair struct {
	Certificate *tls.Certificate
	cert, key   []byte
}

// Same reports whether two pairs have the same content.
func (p Pair) Same(other Pair) bool {
	return bytes.Equal(p.cert, other.cert) && bytes.Equal(p.key, other.key)
}

// Load reads the files. It also returns content that is no usable pair, so that the same
// mistake need not be reported twice.
func (t TLS) Load(now time.Time) (p Pair, err error) {
	if p.cert, err = os.ReadFile(t.Cert); err != nil {
		return p, problem("tls-cert", "%s cannot be read: %v", t.Cert, pathless(err))
	}
	if p.key, err = os.ReadFile(t.Key); err != nil {
		return p, problem("tls-key", "%s cannot be read: %v", t.Key, pathless(err))
	}
	pair, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		// The messages of crypto/tls say what is wrong and repeat nothing of the key.
		return p, problem("tls-cert", "%s and %s are not a certificate and its key in PEM: %v", t.Cert, t.Key, err)
	}
	if leaf := pair.Leaf; leaf != nil && now.After(leaf.NotAfter) {
		return p, problem("tls-cert", "%s expired on %s; renew it", t.Cert,
			leaf.NotAfter.UTC().Format("2006-01-02 15:04 MST"))
	}
	p.Certificate = &pair
	return p, nil
}

// Validate reports what is wrong with the files.
func (t TLS) Validate() error {
	switch {
	case t.Cert == "" && t.Key == "":
		return nil
	case t.Cert == "":
		return problem("tls-cert", "is required with --tls-key")
	case t.Key == "":
		return problem("tls-key", "is required with --tls-cert")
	}
	_, err := t.Load(time.Now())
	return err
}
