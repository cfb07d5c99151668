package database_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// smallDisk mounts a file system of its own with some room.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		dbtest.Lacks(t, "a file system that can be filled cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// fill takes all the room of a disk.
func fill(t *testing.T, folder string) (empty func()) {
	t.Helper()
	name := filepath.Join(folder, "fill")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// TestAFullDiskIsSeenAtTheFirstLook fills the disk of an embedded database whose log has
// been long, and starts again.
func TestAFullDiskIsSeenAtTheFirstLook(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "32m")
	url := "sqlite:" + filepath.Join(folder, "homeroom.db")
	d, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() // It keeps the log at its length, as a server does that is killed.
	if _, err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	look := func(want database.Trouble) {
		t.Helper()
		again, err := database.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if got := again.Writable(t.Context()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	look(database.None)
	empty := fill(t, folder)
	if database.HasRoom(folder) {
		t.Error("a full disk has room")
	}
	look(database.Full)
	empty()
	look(database.None)
}

// ownDisk says that the MySQL server of this process is alone on a disk that may be filled.
const ownDisk = "HOMEROOM_TEST_OWN_DISK"

// TestAFullDiskOfMySQLIsSeenAtTheFirstLook fills the disk of a server. The other tests need
// theirs, so this one runs itself again beside a server on a disk of its own.
//
//nolint:paralleltest // the one that fills the disk is alone
func TestAFullDiskOfMySQLIsSeenAtTheFirstLook(t *testing.T) {
	if os.Getenv(ownDisk) == "" {
		dbtest.URL(t, database.MySQL) // Skips where there is no MySQL at all.
		disk := smallDisk(t, "1g")
		cmd := exec.CommandContext(t.Context(), "../../.ci/with-mysql", os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), ownDisk+"=1", "TMPDIR="+disk, dbtest.ServerVariable+"=")
		output, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "--- PASS: "+t.Name()) {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	url := dbtest.URL(t, database.MySQL)
	look := func(want database.Trouble) {
		t.Helper()
		d, err := database.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if got := d.Writable(t.Context()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	d, err := database.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var folder string
	rows, err := d.Query(t.Context(), "SELECT @@datadir")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() || rows.Scan(&folder) != nil || rows.Close() != nil {
		t.Fatal("the server does not say where its files are")
	}
	look(database.None)
	empty := fill(t, folder)
	look(database.Full)
	empty()
	look(database.None)
}
