package graph_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestTheApprovalOfACorrectedJob is about a job on hold; one of its rows is corrected
// while another administrator looks at it.
func TestTheApprovalOfACorrectedJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		a := s.upload(t, s.NorthAdmin, s.names(nil).
			Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS,
				file: $file}) { job { id } userErrors { code } } }`),
			"rows.csv", "Student ID,First Name,Last Name,Username,Grade\nx1,Good,Row,good1,1\nx2,Bad,Grade,bad1,99\n")
		id, _ := a.at("r.job.id").(string)
		if err := s.importer.Drain(fixture.System()); err != nil || id == "" {
			t.Fatalf("%+v, %v", a, err)
		}
		key, _ := globalid.Key(globalid.BulkJob, id)
		s.Client().BulkJob.UpdateOneID(key).SetStatus(bulkjob.StatusHELD).ExecX(fixture.System())

		events := s.watch(t, s.DistrictAdmin,
			fmt.Sprintf(`subscription { bulkJob(id: %q) { status previewVersion counts { created errors } } }`, id))
		_, a = next(t, events)
		looked, is := a.at("bulkJob.previewVersion").(float64)
		if !is || a.at("bulkJob.counts.created") != 1.0 {
			t.Fatalf("%+v", a)
		}
		correct := fmt.Sprintf(
			`mutation { r: correctBulkJobRow(input: {jobId: %q, row: 2, values: [{column: "Grade", value: "2"}]}) { job { status
				previewVersion } problems { code } userErrors { code } } }`, id)
		a = s.ask(t, s.NorthAdmin, correct, nil)
		now, _ := a.at("r.job.previewVersion").(float64)
		if a.word() != ok || a.at("r.job.status") != "HELD" || now == looked {
			t.Fatalf("%+v", a)
		}
		if _, a = next(t, events); a.at("bulkJob.previewVersion") != now || a.at("bulkJob.counts.created") != 2.0 {
			t.Errorf("whoever watches is told %+v", a)
		}
		approve := func(version string) string {
			return s.ask(t, s.DistrictAdmin,
				fmt.Sprintf(`mutation { r: approveBulkJob(id: %q%s) { job { status } userErrors { code field } } }`, id, version),
				nil).word()
		}
		for version, want := range map[string]string{
			"":                       "PREVIEW_CHANGED",
			", previewVersion: null": "PREVIEW_CHANGED",
			fmt.Sprintf(", previewVersion: %v", looked): "PREVIEW_CHANGED",
		} {
			if got := approve(version); got != want {
				t.Errorf("approved%s: %s; want %s", version, got, want)
			}
		}
		if got := approve(fmt.Sprintf(", previewVersion: %v", now)); got != ok {
			t.Errorf("approved as it is: %s", got)
		}
		if err := s.importer.Drain(fixture.System()); err != nil {
			t.Fatal(err)
		}
		if job := s.Client().BulkJob.GetX(fixture.System(), key); job.Status != bulkjob.StatusCOMPLETED || job.Created != 2 {
			t.Errorf("%+v", job)
		}
	})
}
