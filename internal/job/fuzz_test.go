package job_test

import (
	"bytes"
	"flag"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/table"
)

// otherFiles are one of each kind but students.
var otherFiles = []string{
	"Name,External ID,School,Educators\nAlgebra,A,North School,tara@example.com\nNew,A,,\n",
	"Classes/Groups,Person ID,Role\nAlgebra,00001,Student\nAlgebra,tara@example.com,Teacher\n",
	"First Name,Last Name,Email,Role,School\nAda,Lovelace,ada@example.com,Teacher,North School\n",
	"Name,External ID\nWest School,W\n",
}

func smallFiles(t testing.TB) []string {
	small := []string{tidyTable, header + "stu_1,00001,Sam,South,sam00001,,7,South School,Chemistry\n",
		header + ",7,Ada,=x,ada,secret,7,North School,[clear]\n,7,,,,,,,\n"}
	for _, s := range readFiles {
		if file := s.file(t); len(file) < 2000 {
			small = append(small, file)
		}
	}
	return small
}

// FuzzImport takes any bytes from the upload to the last row. No row is lost: each row
// that the reader counts is created, updated, unchanged or refused, the database agrees,
// and the result equals the preview.
func FuzzImport(f *testing.F) {
	for _, file := range smallFiles(f) {
		f.Add([]byte(file), uint8(len(file)), uint8(0))
	}
	for i, file := range otherFiles {
		f.Add([]byte(file), uint8(i), uint8(i+1))
	}
	b := newBench(f, dbtest.Open(f, database.SQLite))
	b.Student(f, b.South, "Sam", "South", 0)
	f.Fuzz(func(t *testing.T, file []byte, how, kind uint8) {
		if len(file) <= 1<<14 {
			b.noRowIsLost(t, file, how, kind)
		}
	})
}

// noRowIsLost is what holds for any file at all.
func (b *bench) noRowIsLost(t *testing.T, file []byte, how, kind uint8) {
	kinds := []bulkjob.Kind{students, groups, enrollments, educators, schools}
	modes := []bulkjob.GroupsMode{bulkjob.GroupsModeADD, bulkjob.GroupsModeREPLACE, bulkjob.GroupsModeREMOVE}
	b = &bench{World: b.World, Service: b.Service, t: t, recounted: b.recounted}
	m, k := modes[int(how)%len(modes)], kinds[int(kind)%len(kinds)]
	if k == enrollments && m == bulkjob.GroupsModeREPLACE {
		m = bulkjob.GroupsModeADD
	}
	defer b.reset()
	before := b.number("SELECT COUNT(*) FROM students")
	job := b.verified(b.DistrictAdmin, b.Alpha, k, string(file), mode(m))
	b.balanced(job)
	inspected, err := table.Inspect(func() (io.Reader, error) { return bytes.NewReader(file), nil }, csvfile.Limits{})
	switch {
	case err != nil && (job.Status != failed || job.TotalRows != 0):
		t.Fatalf("%v, and the job is %s with %d rows", err, job.Status, job.TotalRows)
	case err == nil && int64(job.TotalRows) != inspected.Format().Rows:
		t.Fatalf("%d rows in the file, %d in the job", inspected.Format().Rows, job.TotalRows)
	}
	if strings.Contains(b.problems(job), "INTERNAL") {
		t.Fatalf("problems: %s", b.problems(job))
	}
	if job.Status == failed {
		if b.problems(job) == "" || b.number("SELECT COUNT(*) FROM students") != before {
			t.Fatalf("failed for no reason, or not without a trace")
		}
		return
	}
	if refused := b.number("SELECT COUNT(DISTINCT `row`) FROM bulk_job_problems WHERE severity = 'ERROR' AND job_id = ?",
		job.ID); refused != job.Errors {
		t.Fatalf("%d rows with errors, %d counted", refused, job.Errors)
	}
	done := b.applied(b.DistrictAdmin, job)
	b.balanced(done)
	if done.Created != job.Created || done.Updated != job.Updated || done.Unchanged != job.Unchanged ||
		done.Errors != job.Errors {
		t.Fatalf("the preview says %d %d %d %d, and it comes to %d %d %d %d; problems: %s", job.Created, job.Updated,
			job.Unchanged, job.Errors, done.Created, done.Updated, done.Unchanged, done.Errors, b.problems(done))
	}
	if k == students {
		if got := b.number("SELECT COUNT(*) FROM students") - before; got != done.Created {
			t.Fatalf("%d students are new, %d counted", got, done.Created)
		}
		again := b.verified(b.DistrictAdmin, b.Alpha, k, string(file), mode(m))
		b.balanced(again)
		if again.Created > done.Errors {
			t.Fatalf("the same file would create %d again", again.Created)
		}
	}
	b.consistent()
}

// reset takes back what a file has brought, but for the world itself.
func (b *bench) reset() {
	keepGroups := []any{b.Algebra.ID, b.Biology.ID, b.Synced.ID, b.Chemistry.ID, b.Drama.ID}
	for _, query := range []string{"DELETE FROM bulk_job_marks", "DELETE FROM bulk_job_seens",
		"DELETE FROM bulk_job_rows", "DELETE FROM bulk_job_problems", "DELETE FROM bulk_job_chunks", "DELETE FROM bulk_job_refused_rows",
		"DELETE FROM bulk_jobs", "DELETE FROM former_enrollments", "DELETE FROM enrollments",
		"DELETE FROM student_words WHERE student_id <> (SELECT MIN(id) FROM students)",
		"DELETE FROM students WHERE id <> (SELECT MIN(id) FROM students)",
		"UPDATE students SET group_count = 0, ungrouped = 1"} {
		b.exec(query)
	}
	b.exec("DELETE FROM group_educators WHERE group_id NOT IN (?, ?, ?, ?, ?)", keepGroups...)
	b.exec("DELETE FROM `groups` WHERE id NOT IN (?, ?, ?, ?, ?)", keepGroups...)
	b.exec("UPDATE `groups` SET student_count = 0")
	b.exec("DELETE FROM role_assignments WHERE educator_id > ?", b.SouthTeacher.ID)
	b.exec("DELETE FROM group_educators WHERE educator_id > ?", b.SouthTeacher.ID)
	b.exec("DELETE FROM educators WHERE id > ?", b.SouthTeacher.ID)
	b.exec("DELETE FROM organizations WHERE id > ?", b.East.ID)
}

var mutated = flag.Int("mutated", 40, "how many changed files are imported")

// pieces are what a mutation puts into a file.
var pieces = []string{",", ";", "\t", "\n", "\r", "\r\n", "\"", "\"\"", "\\", "'", "=", " ", "\u00A0", "\uFEFF",
	"\u200B", "\x00", "\x81", "\xFF\xFE", "\x1A", "[clear]", "é", "e\u0301", "1.2E+10", "stu_1", "grp_1", "00001",
	"Student ID", "First Name", "Algebra", "North School", "sep=;\n", ",,,,,,", "#N/A", "12", "PK"}

// TestMutatedFiles imports good files that were changed at random. It finds what the
// fuzzer would find with more patience: it changes pieces that mean something in a file.
func TestMutatedFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, database.SQLite))
	b.Student(t, b.South, "Sam", "South", 0)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	small := smallFiles(t)
	for range *mutated {
		kind := 0
		file := small[r.IntN(len(small))]
		if r.IntN(3) == 0 {
			kind = r.IntN(len(otherFiles)) + 1
			file = otherFiles[kind-1]
		}
		for range 1 + r.IntN(5) {
			from := r.IntN(len(file) + 1)
			to := min(len(file), from+r.IntN(8))
			switch r.IntN(4) {
			case 0:
				file = file[:from] + file[to:]
			case 1:
				file = file[:from] + pieces[r.IntN(len(pieces))] + file[to:]
			case 2:
				file = file[:from] + pieces[r.IntN(len(pieces))] + file[from:]
			default:
				file += file[from:]
			}
		}
		b.noRowIsLost(t, []byte(file), uint8(r.IntN(3)), uint8(kind))
		if t.Failed() {
			t.Fatalf("seed %d: %q", seed, file)
		}
	}
}
