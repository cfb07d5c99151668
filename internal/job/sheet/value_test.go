package sheet_test

import (
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// rowOf returns a row of a file of a kind.
func rowOf(t *testing.T, kind bulkjob.Kind, headers, cells []string) *sheet.Row {
	t.Helper()
	l, problem := catalog.Files().ReadHeader(kind, headers)
	if problem != nil {
		t.Fatalf("%q: %+v", headers, problem)
	}
	return sheet.NewRow(l, 1, csvfile.Record{Row: 1, Cells: slices.Clone(cells)})
}

func codesOf(r *sheet.Row) (codes []string) {
	for _, p := range r.Problems {
		codes = append(codes, p.Code)
	}
	return codes
}

// TestWhatARowSaysOfAField reads one field of a student from rows, for a new student and for
// Ann Lee on record.
func TestWhatARowSaysOfAField(t *testing.T) {
	t.Parallel()
	ann := &db.Student{FirstName: "Ann", LastName: "Lee", ExternalID: "S1", Username: "ann", Grade: 3}
	both := []string{"Student ID", "First Name", "Last Name", "Username", "Grade"}
	for name, c := range map[string]struct {
		headers, cells []string
		on             *db.Student
		column         string
		// value is the new value, and nil if the field stays as it is.
		value any
		codes []string
	}{
		"a new last name":                           {both, []string{"S1", "Ann", "Low", "ann", "3"}, ann, "last_name", "Low", nil},
		"the last name on record":                   {both, []string{"S1", "Ann", "Lee", "ann", "3"}, ann, "last_name", nil, nil},
		"a blank last name of somebody on record":   {both, []string{"S1", "Ann", "", "ann", "3"}, ann, "last_name", nil, nil},
		"no column for the last name on record":     {both[:2], []string{"S1", "Bea"}, ann, "last_name", nil, nil},
		"a single name, with columns for both":      {both, []string{"S2", "Ann", "", "ann2", "3"}, nil, "last_name", nil, nil},
		"a single last name, with columns for both": {both, []string{"S2", "", "Lee", "ann2", "3"}, nil, "first_name", nil, nil},
		"no name at all":                            {both, []string{"S2", "", "", "ann2", "3"}, nil, "last_name", nil, []string{row.Required}},
		"a new student, and no column for last names": {both[:2], []string{"S2", "Ann"}, nil, "last_name", nil,
			[]string{row.Required}},
		"a new student, and no column for first names": {[]string{"Student ID", "Last Name"}, []string{"S2", "Lee"}, nil,
			"first_name", nil, []string{row.Required}},
		"a new student without a grade":        {both, []string{"S2", "Ann", "Lee", "ann2", ""}, nil, "grade", nil, []string{row.Required}},
		"a new student whose grade is unknown": {both, []string{"S2", "Ann", "Lee", "ann2", "N/A"}, nil, "grade", nil, []string{row.Required}},
		"a grade on record that is not known":  {both, []string{"S1", "Ann", "Lee", "ann", "N/A"}, ann, "grade", nil, nil},
		"a username on record that is not":     {both, []string{"S1", "Ann", "Lee", "null", "3"}, ann, "username", nil, nil},
		"the same grade in another form":       {both, []string{"S1", "Ann", "Lee", "ann", "03"}, ann, "grade", nil, nil},
		"NULL for a last name that is on record": {both, []string{"S1", "Ann", "NULL", "ann", "3"}, ann, "last_name", nil,
			[]string{row.Required}},
		"NULL for the last name of somebody new": {both, []string{"S2", "Ann", "NULL", "ann2", "3"}, nil, "last_name", nil,
			[]string{row.Required}},
		"Null for the last name of somebody new": {both, []string{"S2", "Ann", "Null", "ann2", "3"}, nil, "last_name", "Null", nil},
	} {
		r := rowOf(t, bulkjob.KindIMPORT_STUDENTS, c.headers, c.cells)
		v, changes := sheet.Value(r, roster.StudentFields.By(c.column), c.on, "student")
		if changes != (c.value != nil) || changes && v.Value != c.value {
			t.Errorf("%s: %+v, %v; want %v", name, v, changes, c.value)
		}
		if got := codesOf(r); !slices.Equal(got, c.codes) {
			t.Errorf("%s: problems %q; want %q", name, got, c.codes)
		}
	}
}

// TestWhatClearEmpties reads [clear] in a field of a group that may be empty.
func TestWhatClearEmpties(t *testing.T) {
	t.Parallel()
	id := "G1"
	headers := []string{"Database ID", "External ID", "Name"}
	for name, c := range map[string]struct {
		cell    string
		on      *db.Group
		changes bool
		after   any
	}{
		"a value":               {"[CLEAR]", &db.Group{ExternalID: &id}, true, nil},
		"what is blank already": {"[clear]", &db.Group{}, false, nil},
		"a blank cell":          {"", &db.Group{ExternalID: &id}, false, nil},
		"a word for nothing":    {"none", &db.Group{ExternalID: &id}, false, nil},
		"another value":         {"G2", &db.Group{ExternalID: &id}, true, "G2"},
		"a word on record":      {"none", &db.Group{ExternalID: ptr("none")}, false, nil},
	} {
		r := rowOf(t, bulkjob.KindIMPORT_GROUPS, headers, []string{"x", c.cell, "Algebra"})
		v, changes := sheet.Value(r, roster.GroupFields.By("external_id"), c.on, "class or group")
		if changes != c.changes || changes && v.Value != c.after {
			t.Errorf("%s: %+v, %v; want %v, %v", name, v, changes, c.after, c.changes)
		}
		if len(r.Problems) > 0 {
			t.Errorf("%s: problems %q", name, codesOf(r))
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestWhatIsComputedOfAField changes one of two names of which a third column is made.
func TestWhatIsComputedOfAField(t *testing.T) {
	t.Parallel()
	ann := &db.Student{FirstName: "Ann", LastName: "Lee", SortName: "lee ann"}
	made := func(on *db.Student, set map[string]any) any {
		p := &row.Plan{Do: row.Update}
		for column, v := range set {
			p.SetColumn(column, v)
		}
		sheet.SetMade(p, roster.StudentFields, on)
		return p.Set["sort_name"]
	}
	before := made(nil, map[string]any{"first_name": "Ann", "last_name": "Lee"})
	if after := made(ann, map[string]any{"last_name": "Low"}); after == nil || after == before {
		t.Errorf("after %v of a new last name: %v", before, after)
	}
	if after := made(ann, map[string]any{"grade": 4}); after != nil {
		t.Errorf("after a new grade: %v", after)
	}
	if after := made(ann, map[string]any{"last_name": "LEE"}); after != nil {
		t.Errorf("after a name that sorts alike: %v", after)
	}
}

// TestWhatAWorkbookSaysOfACell reads Student IDs of which a workbook says more than their texts.
func TestWhatAWorkbookSaysOfACell(t *testing.T) {
	t.Parallel()
	const long = "123456789012345678"
	for name, c := range map[string]struct {
		cell    string
		flaw    csvfile.FlawKind
		current string
		want    string
		codes   []string
		refused bool
	}{
		"a number of 15 digits":                      {"123456789012345", 0, "", "123456789012345", nil, false},
		"a longer one":                               {"123456789012345000", csvfile.Imprecise, "", "", []string{row.DamagedID}, true},
		"a longer one of somebody on record":         {"123456789012345000", csvfile.Imprecise, long, long, []string{row.DamagedID}, false},
		"a longer one of somebody else":              {"123456789012345000", csvfile.Imprecise, "1" + long, "", []string{row.DamagedID}, true},
		"a date":                                     {"2026-04-03", csvfile.Dated, "", "", []string{row.DamagedID}, true},
		"a date, and somebody on record":             {"2026-04-03", csvfile.Dated, "3-4", "", []string{row.DamagedID}, true},
		"a date that is on record":                   {"2026-04-03", csvfile.Dated, "2026-04-03", "2026-04-03", []string{row.DamagedID}, false},
		"a formula that failed":                      {"#N/A", csvfile.Failed, "", "", []string{row.CellError}, true},
		"a formula without a value":                  {"", csvfile.NotCalculated, "", "", []string{row.NotCalculated}, true},
		"a number as a program writes it":            {"1.23457E+12", 0, "", "", []string{row.DamagedID}, true},
		"a number as a program writes it, on record": {"1.23457E+12", 0, "1.23457E+12", "1.23457E+12", []string{row.DamagedID}, false},
		"lost zeros of somebody on record":           {"12", 0, "0012", "0012", []string{row.DamagedID}, false},
		"all zeros but one lost":                     {"0", 0, "000", "000", []string{row.DamagedID}, false},
		"another number than on record":              {"13", 0, "0012", "13", nil, false},
		"lost letters":                               {"A\uFFFD1", 0, "", "", []string{row.DamagedID}, true},
	} {
		l, _ := catalog.Files().ReadHeader(bulkjob.KindIMPORT_STUDENTS, []string{"Student ID", "Grade"})
		rec := csvfile.Record{Row: 1, Cells: []string{c.cell, "3"}}
		if c.flaw != 0 {
			rec.Flaws = []csvfile.Flaw{{Column: 0, Kind: c.flaw}}
		}
		r := sheet.NewRow(l, 1, rec)
		got := ""
		if !r.Refused {
			got = r.Undamaged("Student ID", c.current)
		}
		if got != c.want || r.Refused != c.refused || !slices.Equal(codesOf(r), c.codes) {
			t.Errorf("%s: %q, refused %t, %q; want %q, %t, %q", name, got, r.Refused, codesOf(r), c.want, c.refused, c.codes)
		}
	}
	// What is wrong with a column that is not read matters to nobody.
	l, _ := catalog.Files().ReadHeader(bulkjob.KindIMPORT_STUDENTS, []string{"Student ID", "Grade", "Sum"})
	if r := sheet.NewRow(l, 1, csvfile.Record{Row: 1, Cells: []string{"1", "3", ""},
		Flaws: []csvfile.Flaw{{Column: 2, Kind: csvfile.Failed}}}); r.Refused {
		t.Errorf("refused because of a column that is not read: %q", codesOf(r))
	}
}

// TestAPasswordThatACorrectionAddsIsSecret adds columns to a row whose file does not have them.
func TestAPasswordThatACorrectionAddsIsSecret(t *testing.T) {
	t.Parallel()
	headers := []string{"Student ID", "Grade", "What Is Wrong"}
	l, _ := catalog.Files().ReadHeader(bulkjob.KindIMPORT_STUDENTS, headers)
	corrected := func(limit int, values ...sheet.Cell) (*sheet.Row, error) {
		r := sheet.NewRow(l, 1, csvfile.Record{Row: 1, Cells: []string{"1", "99", ""}})
		return r, r.Correct(headers, values, limit)
	}
	r, err := corrected(100, sheet.Cell{Column: "password", Value: "a secret"},
		sheet.Cell{Column: "First Name", Value: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	r.Fail("Password", row.Problemf(row.TooLong, "hint", "message"))
	r.Fail("First Name", row.Problemf(row.TooLong, "hint", "message"))
	if a, b := r.Problems[0].Value, r.Problems[1].Value; a != "" || b != "Ann" {
		t.Errorf("the problems show %q and %q", a, b)
	}
	kept := r.KeptAs(len(headers))
	if kept.Also["Password"] != "" || kept.Also["First Name"] != "Ann" || !kept.HadPassword {
		t.Errorf("kept: %+v", kept)
	}
	for n, fits := range map[int]bool{10: true, 11: false} {
		if _, err := corrected(10, sheet.Cell{Column: "First Name", Value: "12345678901"[:n]}); (err == nil) != fits {
			t.Errorf("a value of %d bytes: %v", n, err)
		}
	}
	if _, err := corrected(100, sheet.Cell{Column: "Minutes", Value: "3"}); err == nil {
		t.Error("a column of exports is corrected")
	}
}
