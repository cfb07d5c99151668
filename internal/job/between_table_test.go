package job_test

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

//go:embed testdata/between.txt
var betweenTable string

// TestWhatChangesInBetween changes the world around a job at every moment of its life.
// testdata/between.txt says, for each kind of job, what changes, and what happens to the
// rows it is about. Each half of the rows is a batch; if the results of the halves differ,
// a slash separates them.
func TestWhatChangesInBetween(t *testing.T) {
	t.Parallel()
	table := readBetween(t)
	for _, k := range betweens {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				b := newBench(t, d)
				var lines []string
				for name := range table {
					if strings.HasPrefix(name, k.name+": ") {
						lines = append(lines, name)
					}
				}
				for _, run := range runsOf(k) {
					got := make([][]string, len(run.changes))
					for at := range moments {
						for i, outcome := range b.between(run, at) {
							got[i] = append(got[i], outcome)
						}
					}
					for i, change := range run.changes {
						name := k.name + ": " + run.who + change
						lines = slices.DeleteFunc(lines, func(line string) bool { return line == name })
						want := table[name]
						if !slices.Equal(got[i], want) {
							t.Errorf("%s\n\tgot  %s\n\twant %s", name, strings.Join(got[i], " | "), strings.Join(want, " | "))
						}
					}
				}
				if len(lines) > 0 {
					t.Errorf("nothing tries %q", lines)
				}
				b.consistent()
			})
		})
	}
}

// TestEveryKindOfJobIsInTheTable fails for a kind of job of which the table says nothing.
func TestEveryKindOfJobIsInTheTable(t *testing.T) {
	t.Parallel()
	for _, k := range catalog.Kinds(nil, catalog.Needs{}) {
		name := k.About().Kind
		if !slices.ContainsFunc(betweens, func(b between) bool { return b.kind == name }) {
			t.Errorf("no line of testdata/between.txt is about %s: add it to betweens", name)
		}
	}
}

// readBetween reads the table: a line for each change, and indented ones with its cells.
func readBetween(t *testing.T) map[string][]string {
	t.Helper()
	table, name := map[string][]string{}, ""
	for line := range strings.Lines(betweenTable) {
		switch text := strings.TrimSpace(line); {
		case text == "", strings.HasPrefix(text, "#"):
		case !strings.HasPrefix(line, " "):
			if name = text; table[name] != nil {
				t.Errorf("%s stands there twice", name)
			}
			table[name] = []string{}
		default:
			table[name] = append(table[name], strings.Split(text, " | ")...)
		}
	}
	for name, cells := range table {
		if len(cells) != int(moments) || slices.Contains(cells, "") {
			t.Errorf("%s: every moment has an outcome: %q", name, cells)
		}
	}
	return table
}

// betweenRun is one job of the table: its changes happen together, each to rows of its
// own, or one happens to a person or to all rows.
type betweenRun struct {
	between
	who     string
	role    viewer.Role
	changes []string
}

func runsOf(k between) []betweenRun {
	runs := []betweenRun{{k, "", k.submits, k.changes}}
	for _, change := range k.together {
		runs = append(runs, betweenRun{k, "", k.submits, []string{change}})
	}
	for who, changes := range map[string][]string{
		"the submitter ": {"loses the role", "goes to another school", "only teaches by now", "teaches here and administers elsewhere", "is disabled"},
		"the starter ":   {"loses the role", "only teaches by now", "is disabled"},
	} {
		for _, change := range changes {
			runs = append(runs, betweenRun{k, who, k.submits, []string{change}})
		}
	}
	if slices.Contains([]string{"students", "new students", "an edit", "groups"}, k.name) {
		runs = append(runs, betweenRun{k, "the teacher ", viewer.Teacher, []string{"teaches the groups no more"}})
	}
	return runs
}

// between carries a job through its life, with the changes of a run at one moment, and
// returns what became of the rows of each change.
func (b *bench) between(run betweenRun, at moment) []string {
	b.t.Helper()
	half, k := len(run.changes), run.between
	n := 100 * b.number("SELECT COUNT(*) FROM bulk_jobs")
	office := b.North
	if run.role == viewer.DistrictAdmin {
		office = b.Alpha
	}
	submitter := b.Educator(b.t, b.Alpha, fmt.Sprintf("Sub%d Mitter", n), run.role, office)
	starter := submitter
	if run.role != viewer.Teacher {
		starter = b.Educator(b.t, b.Alpha, fmt.Sprintf("Sta%d Rter", n), run.role, office)
	}
	shared := b.club(n+99, submitter)
	list := make([]subject, 2*half)
	for i := range list {
		list[i] = k.subject(b, n+i, shared, submitter)
	}
	before, stood := make([]string, len(list)), make([]string, len(list))
	changed, refused := false, false
	change := func() {
		for i, s := range list {
			before[i] = s.stands()
		}
		for i, what := range run.changes {
			switch run.who {
			case "":
				b.happen(what, list[i], list[half+i])
			case "the starter ":
				b.befalls(what, starter)
			default:
				b.befalls(what, submitter)
			}
		}
		for i, s := range list {
			stood[i] = s.stands()
		}
		changed = true
	}
	changeAt := func(m moment) {
		if at == m {
			change()
		}
	}
	// works has a server do what there is to do, which stops at one of some moments.
	works := func(jobID int, moments ...moment) *db.BulkJob {
		server := benchOn(b.t, b.World, func(o *jobs.Options) {
			o.Batch = half
			if slices.Contains(moments, at) {
				newHalt(at, k.header == "", change).options(o)
			}
		})
		return server.drained(jobID)
	}
	outcomes := func(outcome func(i int) string) []string {
		if !changed && !refused {
			b.t.Errorf("%s, %s: the moment has not come", k.name, momentNames[at])
		}
		all := make([]string, half)
		for i := range all {
			if all[i] = outcome(i); outcome(half+i) != all[i] {
				all[i] += "/" + outcome(half+i)
			}
		}
		b.restore()
		return all
	}
	all := func(outcome string) []string { return outcomes(func(int) string { return outcome }) }
	// refuses ends the case if a request is refused; a later moment does not come then.
	refuses := func(request, code string) []string {
		refused = true
		return all(request + " " + code)
	}

	job := b.submitsBetween(k, submitter, list, shared)
	changeAt(afterSubmission)
	job = works(job.ID, duringCheck)
	changeAt(afterCheck)
	if job.Status == failed {
		return all("failed " + b.codes(job, 0))
	}
	if code := b.asks(starter, func(ctx context.Context) error {
		_, err := b.Start(ctx, job.ID)
		return err
	}); code != "" {
		return refuses("start", code)
	}
	changeAt(afterStart)
	job = works(job.ID, beforeWrite, betweenWrites)
	if job.Status == failed {
		return all("failed " + b.codes(job, 0))
	}
	if at <= betweenWrites {
		return outcomes(func(i int) string { return b.outcome(job, i, list[i], before[i], stood[i]) })
	}
	changeAt(afterWrite)
	if code := b.asks(starter, func(ctx context.Context) error { _, err := b.Undo(ctx, job.ID); return err }); code != "" {
		return refuses("undo", code)
	}
	changeAt(afterRequest)
	job = works(job.ID, betweenUndos)
	return outcomes(func(i int) string { return b.outcome(job, i, list[i], before[i], stood[i]) })
}

// restore takes back what a change has done to the whole school.
func (b *bench) restore() {
	b.exec("UPDATE organizations SET name = 'North School', name_key = 'north school' WHERE id = ?", b.North.ID)
	b.exec("UPDATE organizations SET password_min_length = NULL WHERE id = ?", b.Alpha.ID)
}

// asks has somebody ask for something, with the roles of the moment, and returns the
// code of the refusal.
func (b *bench) asks(who *db.Educator, do func(context.Context) error) string {
	b.t.Helper()
	v, err := identity.New(b.DB, identity.Options{Now: func() time.Time { return fixture.Today }, Log: testlog.New(b.t)}).
		Viewer(context.Background(), who.ID)
	if err == nil {
		err = do(viewer.NewContext(context.Background(), v))
	}
	if err == nil {
		return ""
	}
	if fault.From(err) == nil {
		b.t.Error(err)
		return err.Error()
	}
	return fault.From(err).Code
}

// codes returns the codes of the problems of a row, or of the job if the row is 0.
func (b *bench) codes(job *db.BulkJob, number int) string {
	var codes []string
	for _, p := range b.allProblems(job.ID) {
		if p.Row == number {
			codes = append(codes, p.Code)
		}
	}
	return strings.Join(codes, "+")
}

// outcome returns what happened to a row, according to the job and to the roster; both
// must agree. before and stood say how much of the row was in the roster before and after
// the change.
func (b *bench) outcome(job *db.BulkJob, i int, s subject, before, stood string) string {
	b.t.Helper()
	stands, code, state := s.stands(), "", ""
	for _, p := range b.allProblems(job.ID) {
		ofUndo := job.UndoneBy != nil && p.Code != row.StillOnRecord
		if p.Row == i+1 && (p.Severity == bulkjobproblem.SeverityERROR || ofUndo) {
			code = p.Code
		}
	}
	planned, err := b.Client().BulkJobRow.Query().Where(bulkjobrow.JobID(job.ID), bulkjobrow.Row(i+1)).
		Only(fixture.System())
	switch {
	case err != nil && !db.IsNotFound(err):
		b.t.Fatal(err)
	case err == nil:
		state = map[int8]string{0: "planned", 1: "done", 2: "refused", 3: "undone", 4: "kept"}[planned.State]
	case code == "":
		state = "passed"
	default:
		state = "refused"
	}
	want := map[string][]string{
		"done":    {"all"},
		"refused": {"none", "gone"},
		"passed":  {"none", "gone"},
		"undone":  {"none", "gone"},
		"kept":    {stood},
	}[state]
	switch {
	case state == "done" && before == "all": // Others have changed what was written.
		want = []string{stood}
	case state == "undone" && code != "":
		state, want = "partly", []string{"none", "part", "gone", stood}
	}
	if !slices.Contains(want, stands) {
		state += " (" + stands + "!)"
	}
	if code == "" {
		return state
	}
	return strings.TrimPrefix(state+" "+code, "refused ")
}
