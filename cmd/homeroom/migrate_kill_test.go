package main_test

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestAMigrationSurvivesThatItsProcessIsKilled ends homeroom migrate at random
// places, again and again, and wants the tables of one that was left alone.
func TestAMigrationSurvivesThatItsProcessIsKilled(t *testing.T) {
	t.Parallel()
	undisturbed := installation{t: t, url: dbtest.EmptyMySQL(t), folder: t.TempDir()}
	undisturbed.run("migrate")
	want := definitions(t, undisturbed)
	for name, signal := range map[string]syscall.Signal{"kill -9": syscall.SIGKILL, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := installation{t: t, url: dbtest.EmptyMySQL(t), folder: t.TempDir()}
			conn := in.open()
			defer conn.Close()
			random, kills := rand.New(rand.NewPCG(3, uint64(signal))), 0
			for range 100 {
				cmd, said := in.command("migrate"), &record{}
				cmd.Stdout, cmd.Stderr = said, said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- cmd.Wait() }()
				target := begunStatements(conn) + 1 + random.IntN(6)
				err, over := error(nil), false
				for !over && begunStatements(conn) < target {
					select {
					case err = <-ended:
						over = true
					case <-time.After(time.Millisecond):
					}
				}
				if !over {
					_ = cmd.Process.Signal(signal)
					err = <-ended
				}
				if err == nil {
					break
				}
				kills++
				if over {
					t.Fatalf("it was not killed and ended with %v:\n%s", err, said)
				}
				if signal == syscall.SIGKILL {
					// The time goes by for which a dead process keeps the lease.
					if _, err := conn.Exec("UPDATE schema_lease SET until = NOW(6) - INTERVAL 1 SECOND"); err != nil {
						t.Fatal(err)
					}
				} else if code := cmd.ProcessState.ExitCode(); code != 130 {
					t.Fatalf("it ended with %d:\n%s", code, said)
				}
			}
			t.Logf("killed %d times", kills)
			if kills < 3 {
				t.Errorf("it was killed only %d times", kills)
			}
			in.run("migrate")
			if got := definitions(t, in); got != want {
				t.Errorf("the tables are\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// begunStatements returns how many statements have been noted; 0 if there is no table of
// notes yet.
func begunStatements(conn *sql.DB) (n int) {
	_ = conn.QueryRow("SELECT COALESCE(SUM(GREATEST(applied, begun)), 0) FROM schema_revisions").Scan(&n)
	return n
}

func TestServersStartTogetherOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		if strings.HasPrefix(in.url, "sqlite:") {
			in.url = "sqlite:" + t.TempDir() + "/new.db"
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				cmd := in.command("migrate")
				if said, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, said)
				}
			})
		}
		all.Wait()
		if said := in.run("migrate"); !strings.Contains(said, "up to date") {
			t.Error(said)
		}
	})
}

var nextNumber = regexp.MustCompile(` AUTO_INCREMENT=[0-9]+`)

// definitions returns the definitions of all tables and triggers of an installation.
func definitions(t *testing.T, in installation) string {
	t.Helper()
	conn := in.open()
	defer conn.Close()
	var all bytes.Buffer
	_, tables := queried(t, conn,
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name")
	for _, table := range tables {
		_, shown := queried(t, conn, "SHOW CREATE TABLE `"+table[0]+"`")
		all.WriteString(nextNumber.ReplaceAllString(shown[0][1], "") + "\n")
	}
	_, triggers := queried(t, conn,
		"SELECT trigger_name, action_statement FROM information_schema.triggers "+
			"WHERE trigger_schema = DATABASE() ORDER BY trigger_name")
	for _, trigger := range triggers {
		all.WriteString(strings.Join(trigger, " ") + "\n")
	}
	return all.String()
}
