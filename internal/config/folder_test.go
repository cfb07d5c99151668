package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/openhomeroom/homeroom/internal/config"
)

func TestTheDataFolderStandsForItsDatabase(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, config.DatabaseFile)
	in := "sqlite:" + file
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args      []string
		variables map[string]string
		want      string // A URL, or the problem.
	}{
		"a flag":                        {[]string{"--data", folder}, nil, in},
		"a variable":                    {nil, map[string]string{"HOMEROOM_DATA": folder}, in},
		"a flag before the variable":    {[]string{"--data", folder}, map[string]string{"HOMEROOM_DATA": "elsewhere"}, in},
		"a URL counts, as a variable":   {[]string{"--data", folder}, map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:other.db"}, "sqlite:other.db"},
		"a URL counts, as a flag":       {[]string{"--database-url", "sqlite:other.db"}, map[string]string{"HOMEROOM_DATA": folder}, "sqlite:other.db"},
		"a URL that is empty":           {[]string{"--database-url="}, map[string]string{"HOMEROOM_DATA": folder}, "is required; write"},
		"a URL that is wrong":           {[]string{"--database-url", "other.db"}, map[string]string{"HOMEROOM_DATA": folder}, "must begin with sqlite:"},
		"no folder":                     {nil, nil, "is required; write"},
		"the default is not one":        {[]string{"--data="}, nil, "is required; write"},
		"a folder without a database":   {[]string{"--data", filepath.Join(folder, "no")}, nil, "is required, because there is no homeroom.db"},
		"a file in place of the folder": {[]string{"--data", file}, nil, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := load(t, c.args, c.variables, config.DatabaseSection)
			url := got.Database.URL.Reveal()
			if strings.HasPrefix(c.want, "sqlite:") && (err != nil || url != c.want) ||
				!strings.HasPrefix(c.want, "sqlite:") &&
					(err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%q, %v; want %s", url, err, c.want)
			}
		})
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"":                         nil,
		" --data here":             {"--data=here"},
		` --data 'Ann'\''s $HOME'`: {"--data", "Ann's $HOME"},
		" --data ''":               {"--data="},
		" --database-url sqlite:x/homeroom.db --data here": {"--data", "here", "--database-url", "sqlite:x/homeroom.db"},
		" --database-url URL --secret-key KEY":             {"--database-url", "mysql://homeroom:hunter2@db/homeroom", "--secret-key", "hunter2"},
		" --database-url URL":                              {"--database-url", "homeroom:hunter2@tcp(db)/homeroom", "--log-level", "info"},
	} {
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		loader := config.NewLoader(flags, everything...)
		if err := flags.Parse(args); err != nil {
			t.Fatal(err)
		}
		if got := loader.Again(); got != want {
			t.Errorf("%q: %q; want %q", args, got, want)
		}
	}
}
