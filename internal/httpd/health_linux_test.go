package httpd_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

func TestAFullDataFolderIsNotReady(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=4m"); err != nil {
		dbtest.Lacks(t, "a file system that can be filled cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	d := dbtest.Open(t, database.SQLite)
	s := start(t, ok, func(_ *config.Server, deps *httpd.Deps) { deps.DB, deps.Folder = d, folder })
	if r := s.send(t, "GET", "/readyz", nil); r.status != 200 {
		t.Errorf("got %d %s", r.status, r.body)
	}
	name := filepath.Join(folder, "fill")
	if err := os.WriteFile(name, make([]byte, 4<<20-8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := s.send(t, "GET", "/readyz", nil); r.status != 503 || !strings.Contains(r.body, "the data folder has no room") {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if r := s.send(t, "GET", "/readyz", nil); r.status != 200 {
		t.Errorf("got %d %s", r.status, r.body)
	}
}
