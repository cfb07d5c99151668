package graph_test

import (
	"bytes"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestAWorkbookIsUploaded sends a workbook as a dashboard would, and looks at what
// the reader says of it.
func TestAWorkbookIsUploaded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		f := excelize.NewFile()
		defer f.Close()
		for i, row := range [][]any{{"Student ID", "First Name", "Last Name", "Username", "Grade", "Shoe Size"},
			{"00042", "Ada", "Lovelace", "ada.l", 7, 38}} {
			if err := f.SetSheetRow("Sheet1", []string{"A1", "A2"}[i], &row); err != nil {
				t.Fatal(err)
			}
		}
		var file bytes.Buffer
		if err := f.Write(&file); err != nil {
			t.Fatal(err)
		}
		a := s.upload(t, s.NorthAdmin, s.names(nil).
			Replace(`mutation($file: Upload!) { submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS,
				file: $file}) { job { id } userErrors { code message } } }`),
			"pupils.csv", file.String())
		id, ok := a.at("submitBulkImport.job.id").(string)
		if !ok {
			t.Fatalf("no job: %+v", a)
		}
		if err := s.importer.Drain(fixture.System()); err != nil {
			t.Fatal(err)
		}
		a = s.ask(t, s.NorthAdmin,
			`query($id: ID!) { bulkJob(id: $id) { status counts { created } detected { encoding delimiter lineEnding headers
				ignoredHeaders rows } problems { nodes { message } } } }`, map[string]any{"id": id})
		for path, want := range map[string]any{
			"status": "READY", "counts.created": 1.0, "detected.encoding": "XLSX", "detected.delimiter": "none", "detected.lineEnding": "none",
			"detected.headers.5": "Shoe Size", "detected.ignoredHeaders.0": "Shoe Size", "detected.rows": 1.0,
		} {
			if got := a.at("bulkJob." + path); got != want {
				t.Errorf("%s is %v; want %v", path, got, want)
			}
		}
	})
}
