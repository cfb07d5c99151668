package row_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// TestAPlanOfAnEarlierVersionMeansPK reads a plan, and what a row has replaced, from the time
// before there was TK.
func TestAPlanOfAnEarlierVersionMeansPK(t *testing.T) {
	t.Parallel()
	p, err := row.ReadPlan([]byte(`{"n":1,"do":"update","set":{"grade":-1}}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := row.ReadBefore([]byte(`{"set":{"grade":-1}}`), p)
	if err != nil {
		t.Fatal(err)
	}
	for what, set := range map[string]map[string]any{"the plan": p.Set, "what was before": b.Set} {
		if got := set[student.FieldGrade]; got != int(grade.PK) {
			t.Errorf("%s has grade %v; want PK", what, got)
		}
	}
}
