package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The servers of this file run as some service managers start them: whatever they
// make could be read and written by everybody.
const everybodyMay = "000"

func TestNobodyElseCanOpenTheFilesOfAServer(t *testing.T) {
	t.Parallel()
	t.Run("of serve, while it works, and of the commands", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		in := installation{
			t:      t,
			url:    "sqlite:" + filepath.Join(folder, "data", "base", "homeroom.db"),
			folder: folder,
			umask:  everybodyMay,
		}
		in.run("seed", "--students", "100")
		s := in.start("serve", "--data", "data/keys")
		admin := signIn(t, s.address, "district@example.com", "homeroom")
		school := ""
		for school = range admin.usableGroups() {
			break
		}
		rows := [][]string{exported}
		for i := range 3_000 {
			rows = append(rows,
				[]string{"", fmt.Sprintf("N%05d", i), "New", "Student", fmt.Sprintf("new%05d", i), "", "5", school, "", "", ""})
		}
		// One that is all or nothing has a file of its own for its progress.
		admin.process(
			admin.wait(admin.submitFile("all.csv", csvOf(rows), variables{"commitMode": "ALL_OR_NOTHING"}), "READY").ID)
		in.run("student", "export", "N00001", "--out", "data/record.json")
		in.run("template", "students", "--output", "data/template.csv")
		names := mustBePrivate(t, filepath.Join(folder, "data"))
		for _, want := range []string{"homeroom.db", "homeroom.db-wal", "homeroom.db-shm", "homeroom.db-progress",
			"secret.key", "record.json", "template.csv"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s is not there, only %q", want, names)
			}
		}
		s.stop()
		mustBePrivate(t, filepath.Join(folder, "data"))
	})
	t.Run("of demo", func(t *testing.T) {
		t.Parallel()
		in := installation{t: t, folder: t.TempDir(), umask: everybodyMay}
		s := in.start("demo", "--data", "sample")
		mustBePrivate(t, filepath.Join(in.folder, "sample"))
		s.stop()
	})
}

// mustBePrivate looks at everything in a folder, and returns the names of the files.
func mustBePrivate(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			names = append(names, d.Name())
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has the mode %04o, not %04o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return names
}

func TestTheLogWarnsOfFilesThatOthersCanOpen(t *testing.T) {
	t.Parallel()
	in := installation{t: t, folder: t.TempDir()}
	folder := filepath.Join(in.folder, "open to others")
	file := filepath.Join(folder, "homeroom.db")
	in.url = "sqlite:" + file
	in.run("seed", "--students", "100")
	modes := map[string]fs.FileMode{folder: 0o755, file: 0o640}
	for path, mode := range modes {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	in.url = "" // Given a database, start closes its folder.
	s := in.start("serve", "--data", folder)
	for _, want := range []string{"chmod 700 '" + folder + "'", "chmod 600 '" + file + "'", "mode=0755", "mode=0640"} {
		if !strings.Contains(strings.ReplaceAll(s.said.String(), `\"`, `"`), want) {
			t.Errorf("the log does not say %q:\n%s", want, s.said)
		}
	}
	if n := strings.Count(s.said.String(), "level=WARN"); n != len(modes) {
		t.Errorf("%d warnings:\n%s", n, s.said)
	}
	for path, mode := range modes {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has been changed: %v, %v", path, info.Mode(), err)
		}
	}
	s.kill()
}

func TestTheLogWarnsOfSecretsOfProvidersThatOthersCanRead(t *testing.T) {
	t.Parallel()
	in := installation{t: t, folder: t.TempDir()}
	write := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(in.folder, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open, closed := write("open.txt", "a secret", 0o604), write("closed.txt", "a secret", 0o640)
	provider := func(name, secret string) string {
		return `{"name":"` + name + `","issuer":"https://` + name + `.example.org","clientId":"homeroom",` + secret + `}`
	}
	list := write("providers.json",
		"["+provider("one", `"clientSecretFile":"`+open+`"`)+","+provider("two", `"clientSecretFile":"`+closed+`"`)+","+
			provider("three", `"clientSecret":"a secret"`)+"]", 0o644)
	folder := filepath.Join(in.folder, "data")
	in.url = "sqlite:" + filepath.Join(folder, "homeroom.db")
	in.run("seed", "--students", "100")
	s := in.start("serve", "--data", folder, "--oidc-providers", list, "--public-url", "https://homeroom.example.org")
	for _, path := range []string{open, list} {
		if !strings.Contains(s.said.String(), "chmod 640 "+path) {
			t.Errorf("the log does not say that others can read %s:\n%s", path, s.said)
		}
	}
	if strings.Contains(s.said.String(), "path="+closed) {
		t.Errorf("the log warns of a file that is closed:\n%s", s.said)
	}
	s.kill()
}
