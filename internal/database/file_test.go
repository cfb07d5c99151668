package database_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
)

func TestAnSQLiteFileMayStandInAnyFolder(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"plain", "my data", "50% done?", "schüler#1", "a/b"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), folder, "homeroom.db")
			d, err := database.Open(context.Background(), "sqlite:"+path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() == 0 || d.File() != path {
				t.Errorf("%v, %v; the file is %q", info, err, d.File())
			}
		})
	}
}
