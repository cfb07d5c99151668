package main_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// archived writes a ZIP archive of files, given as pairs of a name and a text.
func archived(t *testing.T, path string, files ...string) {
	t.Helper()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(out)
	for i := 0; i < len(files); i += 2 {
		file, err := w.Create(files[i])
		if err == nil {
			_, err = file.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTheFilesOfAnArchiveAreImported imports a ZIP archive as the files that are in it.
func TestTheFilesOfAnArchiveAreImported(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	const schools, students = "School ID,School Name\n01,North School\n",
		"Student ID,First Name,Last Name,Username,Grade,School\n001,Ann,Lee,annlee,5,01\n"
	archived(t, filepath.Join(in.folder, "export.ZIP"), "lists/", "", "lists/students.csv", students,
		"schools.csv", schools, "__MACOSX/._schools.csv", "noise", ".DS_Store", "noise")
	said := in.run("import", "export.ZIP")
	if !strings.Contains(said, "in this order: export.ZIP/schools.csv, export.ZIP/students.csv") ||
		strings.Count(said, "created 1,") != 2 {
		t.Error(said)
	}
	for name, files := range map[string][]string{
		"something else": {"schools.csv", schools, "readme.pdf", "%PDF-1.7"},
		"an archive":     {"inner.zip", "PK"},
		"nothing":        {},
	} {
		archived(t, filepath.Join(in.folder, "bad.zip"), files...)
		out, err := in.command("import", "bad.zip").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "bad.zip: ") {
			t.Errorf("an archive with %s: %v %s", name, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(in.folder, "bad.zip"), []byte("School ID,School Name\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := in.command("import", "bad.zip").CombinedOutput(); err == nil {
		t.Errorf("a file that is no archive: %s", out)
	}
}
