package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
)

// Prepared is a database that is filled once and copied for each of many tests.
type Prepared struct {
	kind database.Kind
	fill func(t testing.TB, d *database.DB)

	once sync.Once
	file []byte // Of SQLite.
	made script // Of MySQL.
}

// Prepare returns a database of a kind that fill fills as soon as somebody asks for a
// copy.
func Prepare(kind database.Kind, fill func(t testing.TB, d *database.DB)) *Prepared {
	return &Prepared{kind: kind, fill: fill}
}

// Copy returns a copy of its own, which ends with the test.
func (p *Prepared) Copy(t testing.TB) *database.DB {
	t.Helper()
	p.once.Do(func() { p.make(t) })
	var url string
	switch {
	case p.kind == database.SQLite && p.file != nil:
		path := filepath.Join(t.TempDir(), "homeroom.db")
		if err := os.WriteFile(path, p.file, 0o600); err != nil {
			t.Fatal(err)
		}
		url = "sqlite:" + path
	case p.kind == database.MySQL && p.made != nil:
		url = EmptyMySQL(t)
		if err := p.made.write(url); err != nil {
			t.Fatal(err)
		}
	default:
		t.Fatal("what is to be copied could not be prepared")
	}
	d, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (p *Prepared) make(t testing.TB) {
	t.Helper()
	url := URL(t, p.kind)
	d, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	p.fill(t, d)
	// Closing the last connection moves the write-ahead log of SQLite into the file.
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if p.kind == database.SQLite {
		p.file, err = os.ReadFile(strings.TrimPrefix(url, "sqlite:"))
	} else {
		p.made, err = readScript(url)
	}
	if err != nil {
		t.Fatal(err)
	}
}
