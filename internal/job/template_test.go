package job_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// telling are columns that no other kind of file has, in addition to the required ones. A
// list of students or enrollments is always recognized.
var telling = map[bulkjob.Kind][]string{
	students:    {"Student ID"},
	enrollments: {"Person ID"},
	educators:   {"Email", "Role"},
	groups:      {"School", "Educators"},
	schools:     {"Type"},
}

// Whatever columns somebody ticks, the file is taken for what it is: by the
// reader, by the importer, and by the command that finds out what a file holds.
func TestEveryTemplateIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	for _, kind := range []bulkjob.Kind{students, groups, educators, schools, enrollments} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			all, err := catalog.NewTemplate(kind, nil)
			if err != nil {
				t.Fatal(err)
			}
			for set := range 1 << len(all.Columns) {
				names := []string{}
				for i, c := range all.Columns {
					if set>>i&1 == 1 {
						names = append(names, c.Name)
					}
				}
				template, err := catalog.NewTemplate(kind, names)
				if err != nil {
					t.Fatalf("%q: %v", names, err)
				}
				var want []string
				for _, c := range all.Columns {
					if c.Required || slices.Contains(names, c.Name) {
						want = append(want, c.Name)
					}
				}
				if len(want) == 0 {
					continue
				}
				format, err := csvfile.Inspect(strings.NewReader(template.CSV()), csvfile.Limits{})
				if err != nil || !slices.Equal(format.Header, want) || format.Rows != 0 {
					t.Fatalf("%q: %+v, %v", names, format, err)
				}
				if got, fits := catalog.DetectKind(template.FileName, format.Header); got != kind {
					t.Fatalf("%q in %s is taken for %s, %s", names, template.FileName, got, fits)
				}
				// By another name, and when some of its rows have been refused, it is the
				// same file, or it is said what it may be.
				refused := append(slices.Clone(format.Header), "Refused Row", "Refused Because", "What To Do")
				for _, header := range [][]string{format.Header, refused} {
					got, fits := catalog.DetectKind("failed-rows.csv", header)
					if got != kind && (got != "" || len(fits) < 2 || !slices.Contains(fits, kind)) {
						t.Errorf("%q is taken for %q, %q", header, got, fits)
					}
					if got == "" && slices.ContainsFunc(telling[kind], func(c string) bool { return slices.Contains(header, c) }) {
						t.Errorf("%q leaves a doubt: %q", header, fits)
					}
				}
			}
			if got, _ := catalog.DetectKind("list.csv", headerOf(all)); got != kind {
				t.Errorf("the whole template is taken for %q", got)
			}
		})
	}
}

// Whatever the columns that a kind needs are called, the file is never taken for
// one of another kind for certain: who says what it holds is believed.
func TestHeadersByOtherNames(t *testing.T) {
	t.Parallel()
	for _, kind := range []bulkjob.Kind{students, groups, educators, schools, enrollments} {
		lists := [][]string{nil}
		for _, c := range catalog.Columns(kind) {
			if !c.Required {
				continue
			}
			var longer [][]string
			for _, list := range lists {
				for _, name := range c.Headers() {
					longer = append(longer, append(slices.Clone(list), name))
				}
			}
			lists = longer
		}
		for _, list := range lists {
			if _, p := catalog.Files().ReadHeader(kind, list); p != nil {
				t.Errorf("%q is no list of %s: %s", list, kind, p.Code)
			}
			got, fits := catalog.DetectKind("failed-rows.csv", list)
			if got == "" && len(list) > 1 && !slices.Contains(fits, kind) {
				t.Errorf("%q is no %s, but %q", list, kind, fits)
			}
		}
	}
}

func headerOf(template *sheet.Template) []string {
	var names []string
	for _, c := range template.Columns {
		names = append(names, c.Name)
	}
	return names
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	t.Run("columns go by any of their headers, and come in the order of an export", func(t *testing.T) {
		t.Parallel()
		template, err := catalog.NewTemplate(students, []string{"classes", "given name"})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := template.CSV(), "\uFEFFStudent ID,First Name,Classes/Groups\r\n"; got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	})
	for name, columns := range map[string][]string{
		"a column that nobody knows": {"First Name", "Shoe Size"}, "a column that only exports have": {"Grade", "Minutes"}, "a blank name": {"Grade", " "},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := catalog.NewTemplate(students, columns)
			var refused *fault.Error
			if !errors.As(err, &refused) || refused.Code != "UNKNOWN_COLUMN" || refused.Field != "columns.1" {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("an edit has no template", func(t *testing.T) {
		t.Parallel()
		if _, err := catalog.NewTemplate(bulkjob.KindEDIT_STUDENTS, nil); fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
	})
}

// A template that somebody has filled in needs nothing else.
func TestATemplateIsFilledInAndImported(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		template, err := catalog.NewTemplate(students,
			[]string{"First Name", "Last Name", "Username", "Grade", "Classes/Groups"})
		if err != nil {
			t.Fatal(err)
		}
		job := b.verified(b.NorthAdmin, b.North, students, template.CSV())
		b.want(job, failed, 0, 0, 0, 0)
		b.wantProblems(job, `row 0  NO_ROWS ""`)
		job = b.imported(b.NorthAdmin, b.North, students, template.CSV()+"0042,Ada,Lovelace,ada.l,7,Algebra\r\n")
		b.want(job, completed, 1, 0, 0, 0)
	})
}
