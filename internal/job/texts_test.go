package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// No program of ours writes control characters, but a database can have them. They
// must not shift the values of one student to another.
func TestStudentsOnRecordWithSeparators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		for _, first := range []string{"A\x1fd\x1fa", "A\x1eda", "\x1f1\x1f\x1f\x1e2\x1f3", "\x1eAda\x1f", "\x1f\x1f",
			"", "A'\x00\"da"} {
			var file strings.Builder
			file.WriteString(header)
			for i, name := range []string{"Bob", first, "Çelik 😀"} {
				st := b.Student(t, b.North, name, "Name", 0, b.Algebra, b.Biology)
				if i == 1 {
					file.WriteString(stu(st) + "," + st.ExternalID + ",Ada,,,,,,\n")
				} else {
					file.WriteString("," + st.ExternalID + "," + name + ",Name," + st.Username + ",,,North School,Biology;Algebra\n")
				}
			}
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file.String())
			b.want(job, ready, 0, 1, 2, 0)
			b.want(b.applied(b.DistrictAdmin, job), completed, 0, 1, 2, 0)
			if t.Failed() {
				t.Fatalf("with the first name %q", first)
			}
		}
	})
}
