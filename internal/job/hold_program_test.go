package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// sends has a program submit a file for a school, and checks it.
func (b *bench) sends(program context.Context, kind bulkjob.Kind, file string) *db.BulkJob {
	b.t.Helper()
	job, err := b.Submit(program, jobs.Submission{OrganizationID: b.North.ID, Kind: kind, FileName: "sis.csv",
		File: strings.NewReader(file)})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.drained(job.ID)
}

// TestWhoeverHoldsAKeyIsNoTwoAdministrators has a program, whose key the operator or a
// colleague has made, create administrators of a school.
func TestWhoeverHoldsAKeyIsNoTwoAdministrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, now := dayBench(t, d, 60)
		people := roster.New(d, roster.Options{Now: now.Now, Log: slog.New(slog.DiscardHandler), Recount: b.recounted.add})
		zoe := b.Educator(t, b.Alpha, "Zoe Maker", viewer.SchoolAdmin, b.North)
		for _, of := range []string{"the operator", "a colleague"} {
			t.Run(of, func(t *testing.T) {
				b := b.on(t)
				now.Add(25 * time.Hour)
				key, id := b.program(b.North), strings.Fields(of)[1]
				if of == "a colleague" {
					b.exec("UPDATE service_keys SET created_by = ? WHERE id = ?", zoe.ID, viewer.FromContext(key).Key.ID)
				}
				file := educatorHeader
				for i := range 6 {
					file += fmt.Sprintf(",%s%d,Mal,One,%s%d@example.com,School administrator,N,%s %d\n", id, i, id, i,
						testlog.Secret("known to the program"), i)
				}
				if _, err := b.Start(key, b.sends(key, educators, file).ID); err != nil {
					t.Fatal(err)
				}
				if err := b.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				account := func(i int) *db.Educator { return b.educator(fmt.Sprint(id, i)) }
				now.Add(time.Minute)
				refused := func(who *db.Educator, job *db.BulkJob, words string) {
					t.Helper()
					_, err := b.Approve(b.As(t, who), job.ID, nil)
					b.refused(err, fault.Forbidden, "FORBIDDEN", words)
				}
				asks := func(who *db.Educator) *db.BulkJob {
					return b.starts(who, b.deleting(who, these(all[:20]...)), held)
				}
				job := asks(account(0))
				refused(account(1), job, "a program has created your account")
				// It could be anybody who holds the key.
				mine := asks(b.NorthAdmin)
				refused(account(1), mine, "a program has created your account")
				passwords := "Database ID,Password\n"
				for _, st := range all {
					passwords += stu(st) + "," + testlog.Secret("a stolen password") + "\n"
				}
				sent := b.sends(key, students, passwords)
				if sent, err := b.Start(key, sent.ID); err != nil || sent.Status != held {
					t.Fatalf("%v, %v", sent, err)
				}
				refused(account(1), sent, "a program has created your account")
				// Six accounts of the key may do as much as one.
				for i := range 2 {
					err := people.DeleteStudents(b.As(t, account(i)), keysOf(all[40+10*i:50+10*i]))
					if (err == nil) != (i == 0) {
						t.Errorf("account %d: %v", i, err)
					}
				}
				b.exec("UPDATE students SET deleted_at = NULL")
				b.exec("DELETE FROM losses")
				// After a month, a person with a password of their own is one.
				now.Add(31 * 24 * time.Hour)
				for _, j := range []*db.BulkJob{job, mine, sent} {
					if _, err := b.Cancel(b.As(t, b.DistrictAdmin), j.ID); err != nil {
						t.Fatal(err)
					}
				}
				mine = asks(b.NorthAdmin)
				refused(account(2), mine, "or set the password that it still has")
				b.byLink(account(2), "a password of their own")
				if _, err := b.Approve(b.As(t, account(2)), mine.ID, nil); err != nil {
					t.Error(err)
				}
				if _, err := b.Cancel(b.As(t, b.NorthAdmin), mine.ID); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// TestAnAddressGivenByAnExternalIDOfOthersOpensNothing has somebody give the External ID of
// a colleague to an account of their own. The file of one night writes the address of the
// colleague into it, and that of a later one gives the role.
func TestAnAddressGivenByAnExternalIDOfOthersOpensNothing(t *testing.T) {
	t.Parallel()
	const known = "biscuit anchor lamp"
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		program := b.program(b.Alpha)
		for i, c := range []struct {
			name string
			// nights are the rows of the program: EXT is the External ID of the colleague, ID is the
			// Database ID of the other account, and MAIL is the address of the colleague.
			nights []string
			// taken is set if a school gives the External ID to the other account.
			taken, opens bool
			told         string
		}{
			{"two nights", []string{",EXT,Tina,Eight,MAIL,Teacher,N,\n", ",EXT,Tina,Eight,MAIL,School Administrator,S,\n"}, true,
				false, "has this External ID from somebody else, and gets another address"},
			{"without a role", []string{",EXT,Tina,Eight,MAIL,,,\n"}, true, false, "has this External ID from somebody else"},
			{"the address is taken away", []string{",EXT,Tina,Eight,[clear],,,\n"}, true, false,
				"has this External ID from somebody else"},
			{"the address stays", []string{",EXT,Tina,Eight,,Teacher,N,\n"}, true, true, ""},
			{"by the Database ID", []string{"ID,EXT,Tina,Eight,MAIL,,,\n"}, true, true, ""},
			{"the ID is that of the program", []string{",EXT,Tina,Eight,MAIL,Teacher,N,\n"}, false, true, ""},
			{"a second address, after the first one", []string{",EXT,Tina,Eight,MAIL,Teacher,N,\n", "own",
				",EXT,Tina,Eight,other-MAIL,Teacher,N,\n"}, true, true, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				ext, mail := fmt.Sprintf("E%d", i), fmt.Sprintf("tina%d@example.com", i)
				own := "OWN" + ext
				if !c.taken {
					own = ext
				}
				b.emails(program, fmt.Sprintf(",%s,Tina,Eight,mal%d@example.com,Teacher,N,\n", own, i))
				b.byLink(b.educator(own), known)
				e := b.educator(own)
				if c.taken {
					b.want(b.imported(b.NorthAdmin, b.North, educators, "Database ID,External ID\n"+edu(e)+","+ext+"\n"),
						completed, 0, 1, 0, 0)
				}
				var job *db.BulkJob
				for n, night := range c.nights {
					if night == "own" {
						b.byLink(b.educator(ext), known)
						continue
					}
					if n == 0 {
						b.exec("DELETE FROM sessions")
						b.signedIn(e)
					}
					job = b.emails(program, strings.NewReplacer("ID", edu(e), "EXT", ext, "MAIL", mail).Replace(night))
					if job.Errors > 0 {
						t.Fatal(b.problems(job))
					}
					if n == 0 && c.told != "" && !strings.Contains(b.hint(job, row.SetByOthers), c.told) ||
						c.told == "" && n == len(c.nights)-1 && b.problems(job) != "" {
						t.Errorf("the preview says: %s", b.problems(job))
					}
				}
				e = b.educator(ext)
				at := e.Email
				if at == "" {
					at = mail
					e.Update().SetEmail(at).SetEmailKey(at).ExecX(fixture.System())
				}
				if b.opens(at, known) != c.opens {
					t.Errorf("the password opens %s: %t", at, !c.opens)
				}
				if !c.opens && b.sessions(e) != 0 {
					t.Error("a session is left")
				}
			})
		}
	})
}
