package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// drops chooses files on the import screen: pairs of a name and the rows.
func (s screen) drops(files ...droppedFile) {
	s.t.Helper()
	s.finds("heading", "Import")
	folder := s.t.TempDir()
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = filepath.Join(folder, f.name)
		if err := os.WriteFile(paths[i], csvOf(f.rows), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	s.do(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), paths))
}

type droppedFile struct {
	name string
	rows [][]string
}

// manual are students of the district who are not synced.
func (c *client) manual(n int) (ids, schools []string) {
	c.t.Helper()
	var data struct {
		Students struct {
			Nodes []struct {
				ExternalID   string
				Organization struct{ Name string }
			}
		}
	}
	c.ask(`query ($id: ID!, $n: Int) { students(organizationId: $id, first: $n, filter: {synced: false}) { nodes {
		externalId organization { name } } } }`, variables{"id": c.organization, "n": n}, &data)
	for _, student := range data.Students.Nodes {
		ids, schools = append(ids, student.ExternalID), append(schools, student.Organization.Name)
	}
	if len(ids) != n {
		c.t.Fatalf("%d students are not synced, want %d", len(ids), n)
	}
	return ids, schools
}

// TestAFileIsMendedInTheDashboard has columns, rows and missing students of files settled
// on the page, without another program.
func TestAFileIsMendedInTheDashboard(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	ids, schools := signIn(t, server.address, "district@example.com", samplePassword).manual(4)
	odd := [][]string{{"Student ID", "Jgst", "Notes"}}
	for i, id := range ids {
		odd = append(odd, []string{id, []string{"3", "4", "5", "99"}[i], "moved"})
	}
	s.do(chromedp.Navigate(server.address + "/import"))
	s.comeIn("district@example.com", samplePassword)
	s.on(t, "a template says what to write", func(t *testing.T, s screen) {
		s.press("button", "What to write")
		s.says("Leading zeros count.")
		s.isAccessible("the columns of a template")
		if rows := readCSV(t, s.catches(func() { s.press("button", "Empty template") })); rows[0][1] != "Student ID" {
			t.Errorf("the template begins with %q", rows[0])
		}
	})
	s.on(t, "a header that is not understood is given its column", func(t *testing.T, s screen) {
		s.drops(droppedFile{"odd.csv", odd})
		s.finds("heading", "odd.csv")
		s.finds("status", "Failed")
		s.isAccessible("a file that is refused")
		s.press("button", "Column for Jgst: .*")
		s.press("menuitemradio", "Grade")
		s.isAccessible("another column")
		s.press("button", "Check again")
		s.says("1 row will be left out.")
		s.finds("button", "Column for Jgst: Grade")
	})
	s.on(t, "a refused row is corrected in place", func(t *testing.T, s screen) {
		s.press("button", "Correct row 4")
		s.finds("dialog", "Correct row 4")
		s.isAccessible("correcting a row")
		s.fill("Jgst", "98")
		s.press("button", "Check and save")
		s.finds("alert", ".*98.*")
		s.fill("Jgst", "6")
		s.press("button", "Check and save")
		s.finds("status", ".*Row 4 is all right now.*")
		s.misses("heading", "Rows to correct")
		s.says("Nothing has been changed yet.")
		s.misses("heading", "Problems")
	})
	s.on(t, "what was corrected is carried out with the rest", func(t *testing.T, s screen) {
		s.press("button", "Start Processing")
		s.says("Done. Every row was carried out.")
	})
	s.on(t, "who is not in the file is listed, and may be deleted", func(t *testing.T, s screen) {
		s.press("link", "Import")
		s.drops(droppedFile{"some.csv", [][]string{{"Student ID", "Grade"}, {ids[0], "8"}, {ids[1], "8"}}})
		s.finds("heading", "298 students are not in the file")
		s.press("button", "Show them")
		s.until("a page of them", `document.querySelectorAll(".missing-list a").length === 50`)
		s.isAccessible("students who are not in the file")
		if rows := readCSV(t, s.catches(func() { s.press("button", "Download CSV") })); len(rows) != 299 {
			t.Errorf("the CSV has %d rows", len(rows))
		}
		s.press("radio", "They are deleted.*")
		s.says("The file is checked once more, and this job is canceled.")
		s.isAccessible("another choice")
		s.press("button", "Check again")
		s.says("of them are deleted with this job.")
		s.until("the count", `document.querySelector("[data-name=deleted] dd") !== null`)
		s.press("radio", "Nothing.*")
		s.press("button", "Check again")
		s.until("no count", `document.querySelector("[data-name=updated] dd")?.innerText === "2" &&
			document.querySelector("[data-name=deleted]") === null`)
		s.press("button", "Cancel the job")
		s.says("Canceled.")
	})
	s.on(t, "a row that was refused becomes a job of its own afterwards", func(t *testing.T, s screen) {
		s.press("link", "Import")
		s.drops(droppedFile{"bad.csv", [][]string{{"Student ID", "Grade"}, {ids[0], "8"}, {ids[1], "97"}}})
		s.press("button", "Start Processing")
		s.says("Done, but 1 row was refused.")
		s.press("button", "Correct row 2")
		s.fill("Grade", "8")
		s.press("button", "Check and save")
		s.finds("status", ".*Row 2 is a job of its own now.*")
		s.finds("status", "Ready")
		s.press("button", "Start Processing")
		s.says("Done. Every row was carried out.")
	})
	s.on(t, "a class that nobody has is created with the import, if somebody says so", func(t *testing.T, s screen) {
		s.press("link", "Import")
		s.drops(droppedFile{"robots.csv",
			[][]string{{"Student ID", "Classes/Groups"}, {ids[2], "Robotics"}, {ids[3], "Robotics"}}})
		s.finds("heading", "1 class or group in the file does not exist")
		s.isAccessible("a class that does not exist")
		s.press("checkbox", "Create them with this import.*")
		s.says("The file is checked once more, and this job is canceled.")
		s.press("button", "Check again")
		s.finds("heading", "1 new class or group from the file")
		s.says("2 rows")
		s.isAccessible("a new class")
		s.do(chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
		s.isAccessible("a new class, at 320 px")
		s.do(chromedp.EmulateViewport(1400, 900))
		s.press("button", "Start Processing")
		s.says("Done. Every row was carried out.")
		s.press("link", "Groups")
		s.says("Robotics")
	})
	s.on(t, "a later file is read as somebody has chosen before, and says so", func(t *testing.T, s screen) {
		s.press("link", "Import")
		s.drops(droppedFile{"later.csv", odd[:3]})
		s.finds("heading", "later.csv")
		s.says("1 column is read as somebody chose for an earlier file")
		s.says("As chosen for an earlier file")
		s.isAccessible("columns that were remembered")
		s.do(chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
		s.isAccessible("columns that were remembered, at 320 px")
		s.do(chromedp.EmulateViewport(1400, 900))
		s.press("button", "Read as the headers say")
		s.finds("status", "Failed")
		s.misses("note", ".*earlier file.*")
	})
	s.on(t, "several files go one after the other", func(t *testing.T, s screen) {
		s.press("link", "Import")
		s.drops(
			droppedFile{"pupils.csv", [][]string{{"Student ID", "Classes/Groups"}, {ids[0], "Chess club"}}},
			droppedFile{"clubs.csv", [][]string{{"External ID", "Name", "School"}, {"club-1", "Chess club", schools[0]}}},
		)
		s.finds("heading", "2 files wait")
		s.finds("button", "What is in clubs.csv: Groups")
		s.isAccessible("files that wait")
		s.do(chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
		s.isAccessible("files that wait, at 320 px")
		s.do(chromedp.EmulateViewport(1400, 900))
		s.press("button", "Check clubs.csv")
		s.finds("heading", "clubs.csv")
		s.says("One more file waits until this job is through: pupils.csv.")
		s.misses("button", "Check pupils.csv")
		s.press("button", "Start Processing")
		s.press("button", "Check pupils.csv")
		s.finds("heading", "pupils.csv")
		s.says("Chess club")
		s.press("button", "Start Processing")
		s.says("Done. Every row was carried out.")
	})
	s.stayedAt(server.address)
	server.stop()
}
