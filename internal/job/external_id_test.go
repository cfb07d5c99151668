package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// TestAnExternalIDOfANarrowerHandOpensNothing has a school give an account of the district
// an External ID, and a file give a role to whoever has that ID.
func TestAnExternalIDOfANarrowerHandOpensNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		district, program := b.As(t, b.DistrictAdmin), b.program(b.Alpha)
		for i, c := range []struct {
			name, file string
			// told is what the preview says.
			told                      string
			program, refused, stays   bool
			confirmed, again, classes bool
		}{
			{name: "a role, by the ID alone", file: ",EXT,,,,District Administrator,,\n", told: "has this External ID from"},
			{name: "a role, by the ID and another address", file: ",EXT,,,new-MAIL,School Administrator,S,\n",
				told: "has this External ID from"},
			{name: "a role, by the ID and the address", file: ",EXT,,,MAIL,School Administrator,S,\n", stays: true},
			{name: "a role, by the Database ID", file: "ID,,,,,School Administrator,S,\n", stays: true},
			{name: "a role that the school gives as well", file: ",EXT,,,,School Administrator,N,\n", stays: true},
			{name: "a program that names the ID alone", file: ",EXT,,,,District Administrator,,\n", program: true, refused: true,
				told: "The External ID of this account was set"},
			{name: "a program that names another address", file: ",EXT,,,new-MAIL,District Administrator,,\n", program: true,
				told: "has this External ID from"},
			{name: "an ID that the district has set since", file: ",EXT,,,,District Administrator,,\n", confirmed: true, stays: true},
			{name: "a second role, when whoever gave the first one was told", file: ",EXT,,,,Teacher,S,\n", again: true,
				told: "has this External ID from"},
			{name: "a class", classes: true},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				id, mail := fmt.Sprintf("X%d", i), fmt.Sprintf("x%d@example.com", i)
				b.emails(district, ",,Fi,"+id+","+mail+",Teacher,N,known to the district\n")
				e := b.Client().Educator.Query().Where(educator.LastName(id)).OnlyX(fixture.System())
				gives := "Database ID,External ID\n" + edu(e) + "," + id + "\n"
				b.want(b.imported(b.NorthAdmin, b.North, educators, gives), completed, 0, 1, 0, 0)
				if c.confirmed {
					b.imported(b.DistrictAdmin, b.Alpha, educators, strings.ReplaceAll(gives, id+"\n", id+"other\n"))
					b.imported(b.DistrictAdmin, b.Alpha, educators, gives)
				}
				b.exec("DELETE FROM sessions")
				b.signedIn(e)
				ctx := district
				if c.program {
					ctx = program
				}
				var job *db.BulkJob
				if c.classes {
					b.imported(b.DistrictAdmin, b.Alpha, groups, "Database ID,Educators\n"+grp(b.Chemistry)+","+id+"\n")
				} else {
					job = b.emails(ctx, strings.NewReplacer("ID", edu(e), "MAIL", mail, "EXT", id).Replace(c.file))
				}
				e = b.educator(id)
				if stays := c.stays || c.refused; stays != (e.PasswordHash != "") || stays != (b.sessions(e) > 0) {
					t.Errorf("%q, %d sessions", e.PasswordHash, b.sessions(e))
				}
				if job == nil {
					return
				}
				if c.told != "" && !strings.Contains(b.hint(job, row.SetByOthers), c.told) ||
					c.told == "" && strings.Contains(b.problems(job), row.SetByOthers) {
					t.Errorf("%s\n%s", b.problems(job), c.told)
				}
				if (job.Errors == 1) != c.refused {
					t.Errorf("%d errors", job.Errors)
				}
				if c.again { // The ID is now that of whoever gave the role.
					b.signedIn(e)
					b.emails(district, ","+id+",,,,District Administrator,,\n")
					if b.sessions(e) != 1 {
						t.Error("what was confirmed ends something again")
					}
				}
			})
		}
	})
}

// TestAnUndoPutsNothingNarrowerBack undoes files that changed accounts which have got more
// since.
func TestAnUndoPutsNothingNarrowerBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		for i, c := range []struct {
			name, changes, gives string
			kept                 bool
		}{
			{"an address and a password", "ID,,,,new-MAIL,,,known to the district\n", "ID,,,,,District Administrator,,\n", true},
			{"a password", "ID,,,,,,,known to the district\n", "ID,,,,,Teacher,S,\n", true},
			{"an address", "ID,,,,new-MAIL,,,\n", "ID,,,,,School Administrator,S,\n", true},
			{"an External ID", "ID,other-EXT,,,,,,\n", "ID,,,,,School Administrator,S,\n", true},
			{"a name", "ID,,Other,,,,,\n", "ID,,,,,District Administrator,,\n", false},
			{"an address, where nothing was given since", "ID,,,,new-MAIL,,,\n", "", false},
			{"an address, where the school could have given it", "ID,,,,new-MAIL,,,\n", "ID,,,,,School Administrator,N,\n", false},
			{"an address with a role, which the undo takes", "ID,,,,new-MAIL,School Administrator,S,\n", "", false},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				id := fmt.Sprintf("U%d", i)
				mail := strings.ToLower(id) + "@example.com"
				b.imported(b.NorthAdmin, b.North, educators,
					emailHeader+","+id+",Fi,"+id+","+mail+",Teacher,N,known to the school\n")
				e := b.educator(id)
				in := strings.NewReplacer("ID", edu(e), "MAIL", mail, "EXT", id)
				job := b.emails(b.As(t, b.DistrictAdmin), in.Replace(c.changes))
				if c.gives != "" {
					b.emails(b.As(t, b.DistrictAdmin), in.Replace(c.gives))
				}
				changed := b.Client().Educator.GetX(fixture.System(), e.ID)
				want, undoneRows := undone, 1
				if c.kept {
					want, undoneRows = partly, 0
				}
				job = b.undone(b.DistrictAdmin, job, want, undoneRows, 1-undoneRows)
				after := b.Client().Educator.GetX(fixture.System(), e.ID)
				if same := after.Email == changed.Email && after.PasswordHash == changed.PasswordHash &&
					*after.ExternalID == *changed.ExternalID; c.kept && !same {
					t.Errorf("%+v, before %+v", after, changed)
				}
				said := slices.ContainsFunc(b.allProblems(job.ID), func(p *db.BulkJobProblem) bool {
					return p.Code == row.SetByOthers && strings.HasPrefix(p.Message, "What would come back")
				})
				if said != c.kept {
					t.Error(b.problems(job))
				}
			})
		}
	})
}
