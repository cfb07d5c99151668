package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// TestNobodyStartsWhatAColleagueHasCorrectedSince holds that a correction between the look
// and the start is noticed, and that clients which name no version start what only they
// have corrected.
func TestNobodyStartsWhatAColleagueHasCorrectedSince(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Byron", 0)
		corrects := func(job int, who string, grade string) {
			t.Helper()
			by := b.NorthAdmin
			if who == "the district" {
				by = b.DistrictAdmin
			}
			if _, err := b.correct(by, b.job(job), 1, "Grade", grade); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			by      string
			version func(seen int) *int
			starts  bool
		}{
			"nobody corrects, and no version is named":        {"", func(int) *int { return nil }, true},
			"nobody corrects, and the version is named":       {"", func(seen int) *int { return &seen }, true},
			"the own correction needs no version":             {"the school", func(int) *int { return nil }, true},
			"the own correction, and the version of before":   {"the school", func(seen int) *int { return &seen }, false},
			"a colleague corrects, and no version is named":   {"the district", func(int) *int { return nil }, false},
			"a colleague corrects, and the version of before": {"the district", func(seen int) *int { return &seen }, false},
		} {
			job := b.verified(b.NorthAdmin, b.North, students, header+stu(ada)+",,,,,,5,,\n")
			seen := jobs.PreviewVersion(job)
			if c.by != "" {
				corrects(job.ID, c.by, "6")
			}
			ctx := b.As(t, b.NorthAdmin)
			started, err := b.StartSeen(ctx, job.ID, c.version(seen))
			switch f := fault.From(err); {
			case (err == nil) != c.starts, !c.starts && (f == nil || f.Code != jobs.PreviewChanged):
				t.Errorf("%s: %v, %v", name, started, err)
			case c.starts:
				b.undone(b.NorthAdmin, b.drained(job.ID), undone, 1, 0)
				continue
			}
			now := jobs.PreviewVersion(b.job(job.ID))
			if _, err := b.StartSeen(ctx, job.ID, &now); err != nil {
				t.Errorf("%s, and the new version is named: %v", name, err)
			}
			b.undone(b.NorthAdmin, b.drained(job.ID), undone, 1, 0)
		}
	})
}
