package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestAFileMeansTheMailboxThatItNames has accounts whose addresses have the same key as
// those in a file, and may be other mailboxes.
func TestAFileMeansTheMailboxThatItNames(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.NorthTeacher.Update().SetEmail("strasse@example.com").SetEmailKey("strasse@example.com").ExecX(fixture.System())
		b.SouthTeacher.Update().SetEmail("theo@XN--MLLER-KVA.example").SetEmailKey("theo@xn--mller-kva.example").
			ExecX(fixture.System())
		held := b.number("SELECT COUNT(*) FROM role_assignments")
		job := b.verified(b.DistrictAdmin, b.Alpha, educators, "External ID,First Name,Last Name,Email,Role,School\n"+
			",Tara,Teach,straße@example.com,School Admin,S\n"+
			"E1,New,Name,Straße@example.com,,N\n"+
			",Tara,Teach,STRASSE@example.com,,S\n"+
			",Theo,Teach,theo@müller.example,,N\n")
		b.wantProblems(job, `row 1 Email EMAIL_TAKEN "straße@example.com"`,
			`row 2 Email EMAIL_TAKEN "Straße@example.com"`)
		b.want(b.applied(b.DistrictAdmin, job), withErrors, 0, 2, 0, 2)
		if n := b.number("SELECT COUNT(*) FROM role_assignments"); n != held+2 {
			t.Errorf("%d roles were given", n-held)
		}
		job = b.verified(b.DistrictAdmin, b.Alpha, groups, "External ID,Name,School,Educators\n"+
			"G1,One,N,straße@example.com\nG2,Two,N,strasse@EXAMPLE.com\nG3,Three,N,theo@MÜLLER.example\n")
		b.wantProblems(job, `row 1 Educators EMAIL_TAKEN "straße@example.com"`)
		b.applied(b.DistrictAdmin, job)
		t.Run("a new account has the key of every form", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.DistrictAdmin, b.Alpha, educators, "External ID,First Name,Last Name,Email,School\n"+
				"E2,Una,One,una@XN--MLLER-KVA.example,N\nE3,Una,Two,una@Müller.example,N\n")
			b.wantProblems(job, `row 2 Email DUPLICATE_IN_FILE "una@Müller.example"`)
			b.BetaAdmin.Update().SetEmail("bela@xn--mller-kva.example").SetEmailKey("bela@xn--mller-kva.example").
				ExecX(fixture.System())
			job = b.imported(b.DistrictAdmin, b.Alpha, educators, "External ID,First Name,Last Name,Email,School\n"+
				"E3,Una,Two,una@Müller.example,N\nE4,Bela,Two,bela@müller.example,N\n")
			b.wantProblems(job, `row 1 Email EMAIL_TAKEN "una@Müller.example"`, `row 2 Email EMAIL_TAKEN "bela@müller.example"`)
		})
		t.Run("nor is there a second account where one came after the check", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, educators,
				"External ID,First Name,Last Name,Email,School\nE5,Ida,One,ida@müller.example,N\n")
			b.NorthAdmin.Update().SetEmail("ida@xn--mller-kva.example").SetEmailKey("ida@xn--mller-kva.example").
				ExecX(fixture.System())
			job = b.applied(b.DistrictAdmin, job)
			b.wantProblems(job, `row 1  EMAIL_TAKEN ""`)
		})
	})
}
