package main_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/job/vault"
)

// TestTheSecretKeyIsRotated changes the key while jobs wait, kills the servers that
// encrypt again, and continues without the old key.
func TestTheSecretKeyIsRotated(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		old, current := hex.EncodeToString([]byte("an old key of thirty-two bytes..")),
			hex.EncodeToString([]byte("a new key of thirty-two bytes...."))
		in.run("seed", "--students", "200")
		// Most of the district comes and goes, and nobody has to approve it.
		d := in.open()
		_, err := d.Exec("UPDATE organizations SET hold_deleted_percent = 100, hold_changed_percent = 100")
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
		in.env = []string{"HOMEROOM_SECRET_KEY=" + old}
		s := in.start("serve")
		admin := signIn(t, s.address, "district@example.com", "homeroom")
		school := ""
		for school = range admin.usableGroups() {
			break
		}
		var waiting []job
		for n := range 2 {
			rows := [][]string{exported}
			for i := range 1_500 {
				grade := "5"
				if i%2 == 1 {
					grade = "95"
				}
				id := fmt.Sprintf("N%d-%05d", n, i)
				rows = append(rows, []string{"", id, "New", "Student " + letters(i), "user-" + id, "", grade, school, "", "", ""})
			}
			waiting = append(waiting, admin.wait(admin.submitFile("new.csv", csvOf(rows)), "READY"))
		}
		s.stop()
		before := vault.PrintOf([]byte("an old key of thirty-two bytes.."))

		// Servers with both keys are killed while they encrypt.
		in.env = []string{"HOMEROOM_SECRET_KEY=" + current, "HOMEROOM_OLD_SECRET_KEYS=" + old}
		met := 0
		for n := range 6 {
			if in.killWhileItEncrypts(before, time.Duration(n)*5*time.Millisecond) {
				met++
			}
		}
		if met == 0 {
			t.Error("no server was killed in the middle of a job")
		}

		s = in.start("serve", shortLease)
		admin.address = s.address
		for deadline := time.Now().Add(2 * patience); !strings.Contains(in.run("doctor"),
			"is needed by nothing that is stored"); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the old key is still needed: %s\n%s", in.run("doctor"), s.said)
			}
		}
		s.kill()

		// Now without the old one.
		in.env = []string{"HOMEROOM_SECRET_KEY=" + current}
		s = in.start("serve")
		admin.address = s.address
		for _, j := range waiting {
			if rows := downloadFile(t, admin.failedRows(j)); len(rows) != 751 {
				t.Errorf("%d refused rows, want 750 and a header", len(rows)-1)
			}
			done := admin.wait(admin.begin(j.ID), "COMPLETED_WITH_ERRORS")
			if done.Counts.Created != 750 {
				t.Errorf("%+v", done.Counts)
			}
			var undo struct{ UndoBulkJob jobPayload }
			admin.ask(`mutation ($id: ID!) { undoBulkJob(id: $id) { job `+jobFields+` userErrors { code message } } }`,
				variables{"id": j.ID}, &undo)
			admin.wait(undo.UndoBulkJob, "UNDONE")
		}
		if said := in.run("doctor"); strings.Contains(said, "secret key") {
			t.Errorf("%s", said)
		}
		s.stop()
	})
}

// killWhileItEncrypts kills a server some time after it has begun to encrypt a job, and
// reports whether the job was not at its end.
func (in installation) killWhileItEncrypts(before string, after time.Duration) bool {
	in.t.Helper()
	d := in.open()
	defer d.Close()
	begun := func() bool {
		// The print of a job is twice as long while both keys are needed.
		_, found := queried(in.t, d, "SELECT id FROM bulk_jobs WHERE LENGTH(key_print) > 16")
		return len(found) > 0
	}
	cmd := in.command("serve", shortLease, "--addr", "127.0.0.1:0")
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = cmd.Process.Kill() })
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, left := queried(in.t, d, "SELECT id FROM bulk_jobs WHERE key_print = ?", before); begun() || len(left) == 0 {
			break
		}
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return begun()
}

// letters is a number as a name.
func letters(n int) string {
	return string([]rune{rune('A' + n/676%26), rune('a' + n/26%26), rune('a' + n%26)})
}
