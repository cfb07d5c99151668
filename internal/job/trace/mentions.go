package trace

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// mentions finds students in texts that nothing else ties to them: a file in which
// their row was refused, or a row about somebody else that named them.
type mentions struct {
	// exact are IDs and usernames; words are those of them that are long enough to be
	// searched for within a text.
	exact, words map[string]bool
	// names are "first last", by the first word of it.
	names map[string][]string
	// keys are the keys of the students, and ids their Student IDs.
	keys map[int]bool
	ids  map[string]bool
}

// shortest is the minimum length of an id that is searched for inside texts. A Student
// ID of one or two characters occurs everywhere.
const shortest = 3

// identifiers are the fields that identify a student.
var identifiers = roster.StudentFields.Where(func(f *field.Field[db.Student]) bool {
	return f.Reading == field.Identifier
})

func newMentions(students []*db.Student) *mentions {
	m := &mentions{
		exact: map[string]bool{},
		words: map[string]bool{},
		names: map[string][]string{},
		keys:  map[int]bool{},
		ids:   map[string]bool{},
	}
	for _, st := range students {
		m.keys[st.ID], m.ids[st.ExternalID] = true, true
		ids := []string{globalid.Encode(globalid.Student, st.ID)}
		for _, f := range identifiers {
			ids = append(ids, f.Text(st))
		}
		for _, id := range ids {
			id = fold.Key(id)
			m.exact[id] = true
			if utf8.RuneCountInString(id) >= shortest {
				m.words[id] = true
			}
		}
		name := fold.Text(st.FirstName + " " + st.LastName)
		first, _, _ := strings.Cut(name, " ")
		m.names[first] = append(m.names[first], name)
	}
	return m
}

// inText reports whether a text names one of the students. It errs on the side of yes: the
// cost is the wording of a problem about somebody else.
func (m *mentions) inText(text string) bool {
	if text == "" {
		return false
	}
	if m.exact[fold.Key(text)] {
		return true
	}
	word := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()\"“”„,;:", r) }
	for _, w := range strings.FieldsFunc(fold.Key(text), word) {
		if m.words[w] || m.words[strings.TrimRight(w, ".!?")] {
			return true
		}
	}
	folded := fold.Text(text)
	for w := range strings.FieldsSeq(folded) {
		for _, name := range m.names[strings.Trim(w, "().,;:\"")] {
			if strings.Contains(folded, name) {
				return true
			}
		}
	}
	return false
}

// inProblem reports whether a problem names one of the students.
func (m *mentions) inProblem(p *db.BulkJobProblem) bool {
	return slices.ContainsFunc(p.Candidates, func(id int) bool { return m.keys[id] }) || m.inText(p.Value) ||
		m.inText(p.Message) || m.inText(p.Hint)
}

// inCells reports whether a row of a file is about one of the students.
func (m *mentions) inCells(cells []string) bool {
	all := map[string]bool{}
	for _, cell := range cells {
		cell = roster.Clean(cell)
		if utf8.RuneCountInString(cell) >= shortest && m.exact[fold.Key(cell)] {
			return true
		}
		all[fold.Text(cell)] = true
	}
	for cell := range all {
		for _, name := range m.names[strings.SplitN(cell, " ", 2)[0]] {
			rest := strings.TrimPrefix(strings.TrimPrefix(name, cell), " ")
			if cell == name || rest != name && all[rest] {
				return true
			}
		}
	}
	return false
}

// EraseMentions removes students from what jobs of their district store outside the
// rows about them: the wording of problems, refused rows as the file had them, plans
// that would have created them, and file names. It reads all of that, a page at a
// time, so it runs once for many students, in the background. It writes in its own
// transactions, and repeating it does no harm: a walk that was cut off continues at
// the place that was last passed to walk.At.
func (t *Traces) EraseMentions(ctx context.Context, districtID int, students []*db.Student, walk Walk) error {
	system := viewer.AsSystem(ctx, "data of erased students in jobs")
	m := newMentions(students)
	e := &eraser{Traces: t, m: m, keys: map[string]bool{}, place: walk.From, at: walk.At}
	for _, st := range students {
		e.keys[strconv.Itoa(st.ID)] = true
	}
	for {
		jobs, err := t.env.DB.Client(ctx).BulkJob.Query().
			Where(keepsRows(districtID), bulkjob.IDGTE(e.place.Job), walk.jobs()).
			Order(db.Asc(bulkjob.FieldID)).Limit(pageOfJobs).All(system)
		if err != nil || len(jobs) == 0 {
			return err
		}
		for _, job := range jobs {
			if err := e.job(system, job); err != nil {
				return err
			}
		}
	}
}

// eraser looks through jobs for what they say about some students.
type eraser struct {
	*Traces
	m     *mentions
	keys  map[string]bool
	place Place
	at    func(ctx context.Context, p Place) error
}

// job looks through one job, from the place that an earlier walk has reached in it.
func (e *eraser) job(system context.Context, job *db.BulkJob) error {
	if e.place.Job != job.ID {
		e.place.Job, e.place.Step, e.place.Row = job.ID, 0, 0
	}
	steps := []func(ctx context.Context, job *db.BulkJob, after int) (last int, err error){e.inName, e.inProblems,
		e.inRefused, e.inPlans}
	for e.place.Step < len(steps) {
		last, err := steps[e.place.Step](system, job, e.place.Row)
		if err != nil {
			return err
		}
		if e.place.Row = last; last == 0 {
			e.place.Step++
		}
		if e.place.Step == len(steps) {
			break
		}
		if err := e.at(system, e.place); err != nil {
			return err
		}
	}
	if slices.Contains(state.AtWork, job.Status) {
		e.place.Again = append(e.place.Again, job.ID)
	}
	e.place = Place{Job: job.ID + 1, Jobs: e.place.Jobs + 1, Again: e.place.Again}
	return e.at(system, e.place)
}

func (e *eraser) inName(ctx context.Context, job *db.BulkJob, _ int) (last int, err error) {
	if !e.m.inText(strings.NewReplacer(".", " ", "_", " ", "-", " ").Replace(job.FileName)) {
		return 0, nil
	}
	return 0, e.exec(ctx, "UPDATE bulk_jobs SET file_name = '' WHERE id = ?", job.ID)
}

// inProblems searches a page of problems, and returns the last one of the page, or 0
// if there is none.
func (e *eraser) inProblems(system context.Context, job *db.BulkJob, after int) (last int, err error) {
	page, err := e.vault.ReadProblems(system, job.ID,
		e.env.DB.Client(system).BulkJobProblem.Query().Where(bulkjobproblem.JobID(job.ID), bulkjobproblem.IDGT(after)).
			Order(db.Asc(bulkjobproblem.FieldID)).Limit(pageOfRows))
	if err != nil || len(page) == 0 {
		return 0, err
	}
	var ids []int
	for _, p := range page {
		if len(p.Sealed) > 0 || e.m.inProblem(p) {
			ids = append(ids, p.ID)
		}
	}
	return page[len(page)-1].ID,
		e.execIn(system, vault.EraseProblems+" WHERE id IN ", ids, erasedText)
}

// inRefused removes refused rows that name one of the students, with the wording of
// their problems. Those that this server cannot read, because they were encrypted
// with another key, are removed as well.
func (e *eraser) inRefused(system context.Context, job *db.BulkJob, after int) (last int, err error) {
	sealed, err := e.vault.SealOf(job.ID, vault.ForRows)
	if err != nil {
		return 0, err
	}
	page, err := e.env.DB.Client(system).BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.IDGT(after)).
		Order(db.Asc(bulkjobrefusedrow.FieldID)).Limit(pageOfRows).All(system)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	var numbers []int
	for _, r := range page {
		var stored vault.StoredCells
		text, err := sealed.Open(r.Row, r.Cells)
		if err == nil {
			err = json.Unmarshal(text, &stored)
		}
		cells := stored.All()
		selected := e.kinds.BySelection(job.Kind) && slices.ContainsFunc(cells, func(c string) bool { return e.keys[c] })
		about := e.m.inCells(cells)
		if r.Refused == 0 {
			// A corrected row is carried out: there only what identifies decides.
			about = slices.ContainsFunc(stored.Identifying(&e.kinds.About(job.Kind).Format, job.Headers), func(c string) bool {
				return e.m.exact[fold.Key(roster.Clean(c))]
			})
		}
		if err != nil || selected || about {
			numbers = append(numbers, r.Row)
		}
	}
	last = page[len(page)-1].ID
	if len(numbers) == 0 {
		return last, nil
	}
	return last, e.env.DB.InTx(system, func(ctx context.Context, client *db.Client) error {
		// Somebody who is correcting one of them at the moment has read what is erased
		// here.
		if _, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET "+raisedUnlessHeld+" WHERE id = ?", job.ID); err != nil {
			return err
		}
		return eraseBeside(ctx, client, job.ID, numbers)
	})
}

// inPlans takes the students out of rows that create somebody, and refuses those
// that would create one of them. There the Student ID alone decides: somebody new of
// the same name is somebody else.
func (e *eraser) inPlans(system context.Context, job *db.BulkJob, after int) (last int, err error) {
	if !e.kinds.About(job.Kind).CreatesStudents {
		return 0, nil
	}
	page, err := e.env.DB.Client(system).BulkJobRow.Query().
		Where(bulkjobrow.JobID(job.ID), bulkjobrow.TargetID(0), bulkjobrow.RowGT(after), bulkjobrow.LabelNEQ(erasedLabel)).
		Order(db.Asc(bulkjobrow.FieldRow)).Limit(pageOfRows).All(system)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	for _, r := range page {
		p, err := row.ReadPlan(r.Plan)
		if err != nil {
			return 0, err
		}
		id, _ := p.Set[student.FieldExternalID].(string)
		if !e.m.ids[id] && (r.State == row.StatePlanned || !e.m.inText(r.Label)) {
			continue
		}
		if err := e.eraseOnePlanned(system, job.ID, r.ID); err != nil {
			return 0, err
		}
	}
	return page[len(page)-1].Row, nil
}

func (t *Traces) eraseOnePlanned(system context.Context, jobID, rowID int) error {
	return t.env.DB.InTx(system, func(ctx context.Context, client *db.Client) error {
		if t.env.Locks() {
			if _, err := client.BulkJob.Query().Where(bulkjob.ID(jobID)).ForUpdate().Only(system); err != nil {
				return err
			}
		}
		r, err := client.BulkJobRow.Query().Where(bulkjobrow.ID(rowID), bulkjobrow.TargetID(0)).Only(system)
		if db.IsNotFound(err) {
			return nil // It has been carried out or withdrawn meanwhile.
		}
		if err != nil {
			return err
		}
		p, err := row.ReadPlan(r.Plan)
		if err != nil {
			return err
		}
		text, err := (&row.Plan{N: p.N, Do: p.Do, Changes: []row.Change{}, Student: p.Student}).Encode()
		if err != nil {
			return err
		}
		state := r.State
		if state == row.StatePlanned {
			state = row.StateRefused
			t := row.Tally{Rows: 1}
			t.Plan(p)
			if err := withdrawn(ctx, client, jobID, &t); err != nil {
				return err
			}
		}
		if _, err := client.ExecContext(ctx,
			"UPDATE bulk_job_rows SET label = ?, plan = ?, `before` = NULL, change_count = 0, state = ? WHERE id = ?",
			erasedLabel, text, state, r.ID); err != nil {
			return err
		}
		if err := eraseBeside(ctx, client, jobID, []int{r.Row}); err != nil || r.State != row.StatePlanned {
			return err
		}
		return t.vault.WriteProblems(ctx, client, jobID, erasedRows([]int{r.Row}))
	})
}

func (t *Traces) exec(ctx context.Context, query string, args ...any) error {
	return t.env.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, query, args...)
		return err
	})
}

// execIn runs a statement that ends with a list of keys; the values in first come
// before them.
func (t *Traces) execIn(ctx context.Context, query string, ids []int, first ...any) error {
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		if err := t.exec(ctx, query+"("+bulk.Placeholders(len(chunk))+")",
			append(slices.Clone(first), bulk.Args(chunk)...)...); err != nil {
			return err
		}
	}
	return nil
}
