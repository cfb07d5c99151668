package importer

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobproblem"
	"homeroom/ent/db/bulkjobrefusedrow"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/ent/db/student"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// mentions finds students in texts that nothing else ties to them: a file in which
// their row was refused, or a row about somebody else that named them.
type mentions struct {
	// exact are ids and usernames, words those of them that are long enough to be
	// looked for inside of a text.
	exact, words map[string]bool
	// names are "first last", by the first word of it.
	names map[string][]string
	// keys are those of the students, ids their Student IDs.
	keys map[int]bool
	ids  map[string]bool
}

// shortest is how long an id is that is looked for inside of texts. A Student ID
// of one or two characters stands everywhere.
const shortest = 3

func newMentions(students []*db.Student) *mentions {
	m := &mentions{exact: map[string]bool{}, words: map[string]bool{}, names: map[string][]string{}, keys: map[int]bool{}, ids: map[string]bool{}}
	for _, st := range students {
		m.keys[st.ID], m.ids[st.ExternalID] = true, true
		for _, id := range []string{st.ExternalID, st.Username, globalid.Encode(globalid.Student, st.ID)} {
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

// inText reports whether a text names one of the students. Sooner too often than
// too rarely: what is lost is the wording of a problem of somebody else.
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
	for _, w := range strings.Fields(folded) {
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
	return slices.ContainsFunc(p.Candidates, func(id int) bool { return m.keys[id] }) || m.inText(p.Value) || m.inText(p.Message) || m.inText(p.Hint)
}

// all are the cells of a kept row, those that were added by a correction too.
func (c storedCells) all() []string {
	return append(slices.Clone(c.Cells), slices.Collect(maps.Values(c.Also))...)
}

// identifying are the cells that say whom a kept row is about.
func (c storedCells) identifying(job *db.BulkJob) (cells []string) {
	keys := make([]string, len(job.Headers))
	for i, h := range job.Headers {
		keys[i] = headerKey(h)
	}
	for _, column := range identifying[job.Kind] {
		if at := slices.IndexFunc(columns[job.Kind], func(known Column) bool { return known.Name == column }); at >= 0 {
			for _, i := range positions(keys, columns[job.Kind][at].Headers()) {
				if i < len(c.Cells) {
					cells = append(cells, c.Cells[i])
				}
			}
		}
		cells = append(cells, c.Also[column])
	}
	return slices.DeleteFunc(cells, func(cell string) bool { return cell == "" })
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

// EraseMentions takes students out of what jobs of their district keep beside
// rows that are about them: the wording of problems, refused rows as they stood
// in the file, plans that would have created them, names of files. It reads all of
// that, so that it is asked once for many students. alive is called between the
// pages of it. It writes in transactions of its own, and does no harm twice.
func (s *Service) EraseMentions(ctx context.Context, districtID int, students []*db.Student, alive func(ctx context.Context) error) error {
	system := viewer.AsSystem(ctx, "data of erased students in jobs")
	m := newMentions(students)
	keys := map[string]bool{}
	for _, st := range students {
		keys[strconv.Itoa(st.ID)] = true
	}
	jobs, err := s.db.Client(ctx).BulkJob.Query().Where(bulkjob.DistrictID(districtID), bulkjob.ForgottenLT(forgottenRows), isWhole()).
		Order(db.Asc(bulkjob.FieldID)).All(system)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if err := alive(ctx); err != nil {
			return err
		}
		if m.inText(strings.NewReplacer(".", " ", "_", " ", "-", " ").Replace(job.FileName)) {
			if err := s.exec(ctx, "UPDATE bulk_jobs SET file_name = '' WHERE id = ?", job.ID); err != nil {
				return err
			}
		}
		if err := s.eraseInProblems(system, job.ID, m, alive); err != nil {
			return err
		}
		if err := s.eraseRefused(system, job, m, keys, alive); err != nil {
			return err
		}
		if err := s.erasePlanned(system, job, m, alive); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) eraseInProblems(system context.Context, jobID int, m *mentions, alive func(context.Context) error) error {
	for after := 0; ; {
		page, err := s.readProblems(system, jobID, s.db.Client(system).BulkJobProblem.Query().Where(bulkjobproblem.JobID(jobID), bulkjobproblem.IDGT(after)).
			Order(db.Asc(bulkjobproblem.FieldID)).Limit(2*statementRows))
		if err != nil || len(page) == 0 {
			return err
		}
		var ids []int
		for _, p := range page {
			after = p.ID
			if len(p.Sealed) > 0 || m.inProblem(p) {
				ids = append(ids, p.ID)
			}
		}
		if err := s.execIn(system, "UPDATE bulk_job_problems SET sealed = NULL, value = '', hint = '', candidates = NULL, message = ? WHERE id IN ", ids, erasedText); err != nil {
			return err
		}
		if err := alive(system); err != nil {
			return err
		}
	}
}

// eraseRefused removes refused rows that name one of the students, with the
// wording of their problems. Those that this server cannot read, because they were
// encrypted with another key, are removed as well.
func (s *Service) eraseRefused(system context.Context, job *db.BulkJob, m *mentions, keys map[string]bool, alive func(context.Context) error) error {
	sealed, err := s.sealOf(job.ID, forRows)
	if err != nil {
		return err
	}
	for after := 0; ; {
		page, err := s.db.Client(system).BulkJobRefusedRow.Query().Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.IDGT(after)).
			Order(db.Asc(bulkjobrefusedrow.FieldID)).Limit(2 * statementRows).All(system)
		if err != nil || len(page) == 0 {
			return err
		}
		var numbers []int
		for _, r := range page {
			after = r.ID
			var stored storedCells
			text, err := sealed.open(r.Row, r.Cells)
			if err == nil {
				err = json.Unmarshal(text, &stored)
			}
			cells := stored.all()
			selected := bySelection(job.Kind) && slices.ContainsFunc(cells, func(c string) bool { return keys[c] })
			about := m.inCells(cells)
			if r.Refused == 0 {
				// A corrected row is carried out: there only what identifies decides.
				about = slices.ContainsFunc(stored.identifying(job), func(c string) bool { return m.exact[fold.Key(roster.Clean(c))] })
			}
			if err != nil || selected || about {
				numbers = append(numbers, r.Row)
			}
		}
		if len(numbers) > 0 {
			err := s.db.InTx(system, func(ctx context.Context, client *db.Client) error {
				// Whoever is just correcting one of them has read what is erased here.
				if _, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET "+raisedUnlessHeld+" WHERE id = ?", job.ID); err != nil {
					return err
				}
				return eraseBeside(ctx, client, job.ID, numbers)
			})
			if err != nil {
				return err
			}
		}
		if err := alive(system); err != nil {
			return err
		}
	}
}

// erasePlanned takes the students out of rows that create somebody, and refuses
// those that would create one of them. There the Student ID alone decides: somebody
// new of the same name is somebody else.
func (s *Service) erasePlanned(system context.Context, job *db.BulkJob, m *mentions, alive func(context.Context) error) error {
	if job.Kind != bulkjob.KindIMPORT_STUDENTS {
		return nil
	}
	for after := 0; ; {
		page, err := s.db.Client(system).BulkJobRow.Query().Where(bulkjobrow.JobID(job.ID), bulkjobrow.TargetID(0), bulkjobrow.RowGT(after), bulkjobrow.LabelNEQ(erasedLabel)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(2 * statementRows).All(system)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			after = r.Row
			p, err := readPlan(r.Plan)
			if err != nil {
				return err
			}
			id, _ := p.Set[student.FieldExternalID].(string)
			if !m.ids[id] && (r.State == statePlanned || !m.inText(r.Label)) {
				continue
			}
			if err := s.eraseOnePlanned(system, job.ID, r.ID); err != nil {
				return err
			}
		}
		if err := alive(system); err != nil {
			return err
		}
	}
}

func (s *Service) eraseOnePlanned(system context.Context, jobID, rowID int) error {
	return s.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		if s.locks() {
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
		p, err := readPlan(r.Plan)
		if err != nil {
			return err
		}
		text, err := (&plan{N: p.N, Do: p.Do, Changes: []Change{}, Student: p.Student}).encode()
		if err != nil {
			return err
		}
		state := r.State
		if state == statePlanned {
			state = stateRefused
			t := tally{rows: 1}
			t.plan(p)
			if err := withdrawn(ctx, client, jobID, &t); err != nil {
				return err
			}
		}
		if _, err := client.ExecContext(ctx, "UPDATE bulk_job_rows SET label = ?, plan = ?, `before` = NULL, change_count = 0, state = ? WHERE id = ?", erasedLabel, text, state, r.ID); err != nil {
			return err
		}
		if err := eraseBeside(ctx, client, jobID, []int{r.Row}); err != nil || r.State != statePlanned {
			return err
		}
		return s.writeProblems(ctx, client, jobID, erasedRows([]int{r.Row}))
	})
}

func (s *Service) exec(ctx context.Context, query string, args ...any) error {
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, query, args...)
		return err
	})
}

// execIn runs a statement that ends with a list of keys; first stand before them.
func (s *Service) execIn(ctx context.Context, query string, ids []int, first ...any) error {
	for chunk := range slices.Chunk(ids, statementRows) {
		if err := s.exec(ctx, query+"("+places(len(chunk))+")", append(slices.Clone(first), anys(chunk)...)...); err != nil {
			return err
		}
	}
	return nil
}
