package download_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestADownloadEndsWithItsOwner has a session end, and a role be lost, while a client has
// a part of a long file.
func TestADownloadEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for from := range 4 {
			w.Client().Student.MapCreateBulk(make([]int, 500), func(c *db.StudentCreate, i int) {
				id := fmt.Sprint(1000*from + i)
				c.SetDistrictID(w.Alpha.ID).SetOrganizationID(w.South.ID).SetExternalID("x" + id).SetUsername("user" + id).
					SetUsernameKey("user" + id).SetFirstName("Ada").SetLastName("Lovelace").SetSortName("x").SetGrade(7).
					SetUngrouped(1).SetActive(1).SetSecondsThisYear(600)
			}).ExecX(fixture.System())
		}
		for what, end := range map[string]func(){
			"nothing": func() {},
			"the session": func() {
				w.Client().Session.Delete().Where(session.EducatorID(w.DistrictAdmin.ID)).ExecX(fixture.System())
			},
			"a role": func() {
				w.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(w.DistrictAdmin.ID)).ExecX(fixture.System())
			},
		} {
			today, pieces := &clock{now: fixture.Today}, 0
			s := newDownloads(t, d, today.Now, download.Options{})
			c := &crawling{httptest.NewRecorder(), func(int) {
				if pieces++; pieces == 1 {
					end()
				}
				today.Add(time.Second)
			}}
			cut := func() (cut bool) {
				defer func() {
					err, _ := recover().(error)
					cut = errors.Is(err, http.ErrAbortHandler)
				}()
				s.ServeHTTP(c,
					httptest.NewRequest(http.MethodGet, s.UnassignedURL(signedIn(t, w, w.DistrictAdmin), w.South.ID), nil))
				return false
			}()
			if over := what != "nothing"; cut != over || over && pieces != 1 || !over && pieces < 2 {
				t.Errorf("%s ends: %d pieces, cut off: %v", what, pieces, cut)
			}
			if what == "a role" {
				w.Client().RoleAssignment.Create().SetEducatorID(w.DistrictAdmin.ID).SetOrganizationID(w.Alpha.ID).
					SetDistrictID(w.Alpha.ID).SetRole(roleassignment.RoleDISTRICT_ADMIN).ExecX(fixture.System())
			}
		}
	})
}
