package main_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// onlySQLite marks the scripts that need no second kind of database.
const onlySQLite = "_sqlite.txtar"

// sds is a small export of a student information system, as it comes.
const sds = "../../internal/job/testdata/sds-100-users"

// picture is the smallest GIF there is.
const picture = "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := ""
			if kind == database.MySQL {
				server = dbtest.Server(t)
			}
			var files []string
			for _, file := range scripts {
				if kind == database.SQLite || !strings.HasSuffix(file, onlySQLite) {
					files = append(files, file)
				}
			}
			testscript.Run(t, testscript.Params{
				Files: files,
				Setup: func(env *testscript.Env) error { return prepare(env, server) },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"sql":      runSQL,
					"exits":    exits,
					"workbook": writeWorkbook,
				},
				Condition:          func(name string) (bool, error) { return is(name, kind) },
				RequireUniqueNames: true,
			})
		})
	}
}

// prepare gives a script an empty database in DATABASE_URL and the files of an information
// system in sds; picture.csv is no CSV file. server is empty for SQLite.
func prepare(env *testscript.Env, server string) error {
	target := "sqlite:" + filepath.Join(env.WorkDir, "homeroom.db")
	if server != "" {
		scratch, drop, err := database.Scratch(context.Background(), server, "homeroom_script")
		if err != nil {
			return err
		}
		env.Defer(drop)
		target = scratch
		refused, err := url.Parse(scratch)
		if err != nil {
			return err
		}
		refused.User = url.UserPassword("nobody", "hunter2-secret")
		env.Setenv("REFUSED_URL", refused.String())
	}
	env.Setenv("DATABASE_URL", target)
	if err := os.WriteFile(filepath.Join(env.WorkDir, "picture.csv"), []byte(picture), 0o600); err != nil {
		return err
	}
	return os.CopyFS(filepath.Join(env.WorkDir, "sds"), os.DirFS(sds))
}

// is says whether a script runs on a kind of database.
func is(name string, kind database.Kind) (bool, error) {
	switch database.Kind(name) {
	case database.SQLite, database.MySQL:
		return name == string(kind), nil
	default:
		return false, fmt.Errorf("unknown condition %q", name)
	}
}

// exits is the script command "exits CODE PROGRAM ARGUMENT...".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("the exit code is %d, not %d", got, want)
	}
}

// runSQL is the script command "sql STATEMENT". It runs on DATABASE_URL and
// prints a line for each row, with blanks between the values.
func runSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql 'statement'")
	}
	conn, err := database.OpenSQL(ts.Getenv("DATABASE_URL"))
	ts.Check(err)
	defer conn.Close()
	rows, err := conn.Query(args[0])
	ts.Check(err)
	defer rows.Close()
	columns, err := rows.Columns()
	ts.Check(err)
	for rows.Next() {
		values := make([]*string, len(columns))
		places := make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		ts.Check(rows.Scan(places...))
		texts := make([]string, len(columns))
		for i, v := range values {
			texts[i] = "NULL"
			if v != nil {
				texts[i] = *v
			}
		}
		fmt.Fprintln(ts.Stdout(), strings.Join(texts, " "))
	}
	ts.Check(cmp.Or(rows.Err(), rows.Close()))
}
