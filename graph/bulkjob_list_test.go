package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestAListOfJobs has several jobs that are all or nothing; each except the first waits
// for the one before it.
func TestAListOfJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		n := 0
		started := func() string {
			n++
			a := s.upload(t, s.DistrictAdmin, s.names(nil).
				Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS,
					commitMode: ALL_OR_NOTHING, file: $file}) { job { id } userErrors { code } } }`),
				"rows.csv", fmt.Sprintf("Student ID,First Name,Last Name,Username,Grade\nx%d,A,B,user%d,1\ny%d,A,C,other%d,1\n", n,
					n, n, n))
			id, _ := a.at("r.job.id").(string)
			key, isJob := globalid.Key(globalid.BulkJob, id)
			if !isJob {
				t.Fatalf("%+v", a)
			}
			// What a check and a start leave; the jobs before it keep it from being worked on.
			s.Client().BulkJob.UpdateOneID(key).SetStatus(bulkjob.StatusPROCESSING).SetTotalRows(2).SetVerifiedRows(2).
				SetStartedAt(fixture.Today).ExecX(fixture.System())
			s.Client().BulkJobMark.Create().SetJobID(key).SetRows(1).ExecX(fixture.System())
			return id
		}
		first, second := started(), started()
		lists := map[string]string{}
		for name, fields := range map[string]string{
			"progress":         `progress { percent processedRows }`,
			"waiting":          `waiting`,
			"what comes first": `waiting waitingFor { id waiting progress { percent } submittedBy { name } organization { name } failedRowsCsvUrl }`,
		} {
			lists[name] = `query { bulkJobs(first: 50) { nodes { id ` + fields + ` } } }`
		}
		few := map[string]int64{}
		for name, list := range lists {
			s.ask(t, s.DistrictAdmin, list, nil)
			few[name] = s.statements.Load()
		}
		all := []string{first, second}
		for range 4 {
			all = append(all, started())
		}
		t.Run("takes as many statements for many as for two", func(t *testing.T) {
			for name, list := range lists {
				a := s.ask(t, s.DistrictAdmin, list, nil)
				if many := s.statements.Load(); many != few[name] || len(a.Errors) > 0 {
					t.Errorf("%s: %d statements for 2 jobs, %d for %d: %+v", name, few[name], many, len(all), a.Errors)
				}
			}
		})
		t.Run("says how far each is, and which one it waits for", func(t *testing.T) {
			a := s.ask(t, s.DistrictAdmin,
				`{ bulkJobs(first: 50) { edges { node { id waiting waitingFor { id waiting } progress { percent processedRows } } }
					} }`, nil)
			for i, id := range all {
				at := func(path string) any { return a.at(fmt.Sprintf("bulkJobs.edges.%d.node.%s", len(all)-1-i, path)) }
				var before any
				if i > 0 {
					before = first
				}
				if at("id") != id || at("waiting") != (i > 0) || at("waitingFor.id") != before || at("progress.percent") != 75.0 ||
					at("progress.processedRows") != 1.0 {
					t.Errorf("job %d: %+v", i, at("id"))
				}
			}
		})
		t.Run("waits for the one at work", func(t *testing.T) {
			key, _ := globalid.Key(globalid.BulkJob, all[2])
			s.Client().BulkJob.UpdateOneID(key).SetLeaseOwner("a server").SetLeaseUntil(fixture.Today.Add(time.Hour)).
				ExecX(fixture.System())
			a := s.ask(t, s.DistrictAdmin, `{ bulkJobs(first: 50) { nodes { id waiting waitingFor { id waiting } } } }`, nil)
			for i, id := range all {
				at := func(path string) any { return a.at(fmt.Sprintf("bulkJobs.nodes.%d.%s", len(all)-1-i, path)) }
				var before any
				if id != all[2] {
					before = all[2]
				}
				if at("waiting") != (before != nil) || at("waitingFor.id") != before {
					t.Errorf("job %d waits: %v, for %v", i, at("waiting"), at("waitingFor"))
				}
			}
		})
		t.Run("names no job that the caller does not see", func(t *testing.T) {
			a := s.upload(t, s.SouthAdmin, s.names(nil).
				Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "{{South}}", kind: IMPORT_GROUPS,
					file: $file}) { job { waiting waitingFor { id } } userErrors { code } } }`),
				"groups.csv", "Name,School\nChess,South School\n")
			if got := fmt.Sprint(a.at("r.job")); got != "map[waiting:false waitingFor:<nil>]" {
				t.Errorf("a check waits for what is written: %v", got)
			}
			s.Client().BulkJob.Update().Where(bulkjob.SubmittedBy(s.SouthAdmin.ID)).SetStatus(bulkjob.StatusPROCESSING).
				ExecX(fixture.System())
			list := s.ask(t, s.SouthAdmin, `{ bulkJobs(first: 50) { nodes { waiting waitingFor { id } } } }`, nil)
			if job := fmt.Sprint(list.at("bulkJobs.nodes.0")); job != "map[waiting:true waitingFor:<nil>]" {
				t.Errorf("%v", job)
			}
		})
	})
}
