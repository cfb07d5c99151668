package job_test

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

//go:embed testdata/cases.txt
var casesTable string

// schoolCase is one case of testdata/cases.txt, which says how they are written.
type schoolCase struct {
	name  string // The line that it begins with.
	steps []caseStep
	open  bool
	// right is the right result, and today the present result as long as the case is open.
	right, today []string
}

// caseStep is one thing that somebody does.
type caseStep struct {
	file string // Empty for an edit of all students.
	as   string // The kind that somebody names; empty if it is detected.
}

// TestFilesThatSchoolsSend imports the files of testdata/cases, each on a copy of the same
// roster, and then compares the database. An open case still goes wrong, in the way that
// the table says. Remove the mark when you fix it.
func TestFilesThatSchoolsSend(t *testing.T) {
	t.Parallel()
	all := readCases(t)
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			if kind == database.MySQL {
				dbtest.Server(t)
			}
			base := dbtest.Prepare(kind, fillCaseBase)
			base.Copy(t) // Before the cases run at the same time.
			for _, c := range all {
				t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
					t.Parallel()
					c.examine(t, newCaseDesk(t, base.Copy(t)))
				})
			}
		})
	}
}

// TestEveryFileOfACaseIsTried checks that the table mentions every file.
func TestEveryFileOfACaseIsTried(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{"README.md": true, "base-in": true}
	for _, c := range readCases(t) {
		for _, s := range c.steps {
			tried[s.file] = true
		}
	}
	files, err := os.ReadDir("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !tried[f.Name()] {
			t.Errorf("nothing is said of %s", f.Name())
		}
	}
}

func (c schoolCase) examine(t *testing.T, desk *caseDesk) {
	t.Helper()
	for _, s := range c.steps[:len(c.steps)-1] {
		if said := desk.does(s); len(said) > 0 {
			t.Errorf("of %s is said: %s", s.file, said)
		}
	}
	before := desk.roster()
	got := desk.does(c.steps[len(c.steps)-1])
	got = append(got, before.differences(desk.roster())...)
	if len(got) == 0 {
		got = []string{"nothing changes"}
	}
	desk.consistent()
	right := matches(got, c.right)
	switch {
	case right && c.open:
		t.Errorf("the case is right now: take its mark away, and what it says of today\ngot\n%s", indented(got))
	case !c.open && !right:
		t.Errorf("got\n%s\nright\n%s", indented(got), indented(c.right))
	case c.open && !matches(got, c.today):
		t.Errorf("the case is open, and fails in another way than the table says\ngot\n%s\ntoday\n%s\nright\n%s",
			indented(got), indented(c.today), indented(c.right))
	}
}

func indented(lines []string) string { return "    " + strings.Join(lines, "\n    ") }

// quoted matches what a line of the table expects in a message, after its code.
var quoted = regexp.MustCompile(` “([^”]*)”`)

// aboutRows matches the beginning of such a line.
var aboutRows = regexp.MustCompile(`^(rows? [0-9, -]+)?(refused|warned): `)

// matches compares what has happened with lines of the table: all of them, in any order. A
// line contains only a part of a message.
func matches(got, lines []string) bool {
	if len(got) != len(lines) {
		return false
	}
	left := slices.Clone(got)
	for _, line := range lines {
		plain, found := line, [][]string(nil)
		if aboutRows.MatchString(line) {
			plain, found = quoted.ReplaceAllString(line, ""), quoted.FindAllStringSubmatch(line, -1)
		}
		at := slices.IndexFunc(left, func(g string) bool {
			what, message, _ := strings.Cut(g, " | ")
			return what == plain &&
				!slices.ContainsFunc(found, func(f []string) bool { return !strings.Contains(message, f[1]) })
		})
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
	}
	return true
}

// caseName matches the first line of a case: its group, what is done, and the mark.
var caseName = regexp.MustCompile(`^([A-Z]\d|OK): (.*?)( \(open\))?$`)

func readCases(t *testing.T) []*schoolCase {
	t.Helper()
	var all []*schoolCase
	var c *schoolCase
	var into *[]string
	for line := range strings.Lines(casesTable) {
		text := strings.TrimSpace(line)
		switch {
		case text == "", strings.HasPrefix(text, "#"):
		case !strings.HasPrefix(line, " "):
			parts := caseName.FindStringSubmatch(text)
			if parts == nil {
				t.Fatalf("%s is no case", text)
			}
			c = &schoolCase{name: parts[1] + ": " + parts[2], open: parts[3] != ""}
			for step := range strings.SplitSeq(parts[2], ", then ") {
				file, as, _ := strings.Cut(step, " as ")
				if file == "all students are put into grp_1" {
					file = ""
				}
				c.steps = append(c.steps, caseStep{file, as})
			}
			if slices.ContainsFunc(all, func(other *schoolCase) bool { return other.name == c.name }) {
				t.Errorf("%s stands there twice", c.name)
			}
			all, into = append(all, c), &c.right
		case text == "today:":
			into = &c.today
		default:
			*into = append(*into, text)
		}
	}
	for _, c := range all {
		if len(c.right) == 0 || c.open != (len(c.today) > 0) {
			t.Errorf("%s: a case says what is right, and an open one what happens today", c.name)
		}
	}
	return all
}

// told returns what a job says about its rows, a line for each problem: the rows, the
// code, and after a bar all messages.
func (d *caseDesk) told(jobID int) []string {
	type heap struct {
		what     string
		rows     []int
		messages []string
	}
	var heaps []*heap
	of := map[int]map[string]string{} // The problems of a row, by code.
	for _, p := range d.allProblems(jobID) {
		what := "refused: "
		if p.Severity == "WARNING" {
			what = "warned: "
		}
		if of[p.Row] == nil {
			of[p.Row] = map[string]string{}
		}
		of[p.Row][what+p.Code] += p.Message + " " + p.Hint + " "
	}
	rows := make([]int, 0, len(of))
	for n := range of {
		rows = append(rows, n)
	}
	slices.Sort(rows)
	for _, n := range rows {
		for what, message := range of[n] {
			at := slices.IndexFunc(heaps, func(h *heap) bool { return h.what == what })
			if at < 0 {
				at, heaps = len(heaps), append(heaps, &heap{what: what})
			}
			heaps[at].rows = append(heaps[at].rows, n)
			heaps[at].messages = append(heaps[at].messages, message)
		}
	}
	slices.SortStableFunc(heaps, func(a, b *heap) int {
		return cmp.Or(cmp.Compare(a.rows[0], b.rows[0]), cmp.Compare(a.what, b.what))
	})
	var lines []string
	for _, h := range heaps {
		line := rowNumbers(h.rows) + " " + h.what
		if h.rows[0] == 0 {
			line = h.what
		}
		lines = append(lines, line+" | "+strings.Join(h.messages, " "))
	}
	return lines
}

// rowNumbers writes numbers as people do: row 1, rows 1-3 and 5.
func rowNumbers(rows []int) string {
	var parts []string
	for i := 0; i < len(rows); {
		j := i
		for j+1 < len(rows) && rows[j+1] == rows[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(rows[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", rows[i], rows[j]))
		}
		i = j + 1
	}
	if len(rows) == 1 {
		return "row " + parts[0]
	}
	return "rows " + strings.Join(parts, ", ")
}

func caseFile(t testing.TB, name string) *bytes.Reader {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata/cases", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(content)
}
