package importer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"homeroom/ent/db/bulkjob"
	"homeroom/internal/csvfile"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/fault"
	"homeroom/internal/importer"
)

// Whatever columns somebody ticks, the file is taken for what it is: by the
// reader, by the importer, and by the command that finds out what a file holds.
func TestEveryTemplateIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	for _, kind := range []bulkjob.Kind{students, groups, educators, schools, enrollments} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			all, err := importer.NewTemplate(kind, nil)
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
				template, err := importer.NewTemplate(kind, names)
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
				if got, ok := importer.DetectKind(template.FileName, format.Header); !ok || got != kind {
					t.Fatalf("%q in %s is taken for %s", names, template.FileName, got)
				}
			}
		})
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	t.Run("columns go by any of their headers, and come in the order of an export", func(t *testing.T) {
		t.Parallel()
		template, err := importer.NewTemplate(students, []string{"classes", "given name"})
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
			_, err := importer.NewTemplate(students, columns)
			var refused *fault.Error
			if !errors.As(err, &refused) || refused.Code != "UNKNOWN_COLUMN" || refused.Field != "columns.1" {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("an edit has no template", func(t *testing.T) {
		t.Parallel()
		if _, err := importer.NewTemplate(bulkjob.KindEDIT_STUDENTS, nil); fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
	})
}

// A template that somebody has filled in needs nothing else.
func TestATemplateIsFilledInAndImported(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		template, err := importer.NewTemplate(students, []string{"First Name", "Last Name", "Username", "Grade", "Classes/Groups"})
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
