package job_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
)

const manual = "../../docs/files.md"

// TestTheManualHoldsEveryColumn compares docs/files.md with the columns. `UPDATE_DOCS=1 go
// test ./internal/job -run TheManualHolds` writes it again.
func TestTheManualHoldsEveryColumn(t *testing.T) {
	t.Parallel()
	const mark = "<!-- The tables below are written by the test of internal/job. -->\n"
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(content), mark)
	if !found {
		t.Fatalf("%s has lost the line %q", manual, strings.TrimSpace(mark))
	}
	want := before + mark + columnTables()
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(content) != want {
		t.Errorf("%s is not current; UPDATE_DOCS=1 go test ./internal/job -run TheManualHolds writes it", manual)
	}
}

func columnTables() string {
	var b strings.Builder
	for _, kind := range []bulkjob.Kind{bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_GROUPS,
		bulkjob.KindIMPORT_ENROLLMENTS,
		bulkjob.KindIMPORT_EDUCATORS, bulkjob.KindIMPORT_ORGANIZATIONS} {
		fmt.Fprintf(&b, "\n### %s\n\n| column | also called | what to write |\n| --- | --- | --- |\n", kind)
		for _, c := range catalog.Columns(kind) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Name, strings.Join(c.Headers()[1:], ", "), c.Help)
		}
	}
	return b.String()
}
