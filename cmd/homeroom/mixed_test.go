package main_test

import (
	"fmt"
	"strconv"
)

// mixedFile returns the rows of a file that does everything a file can do to the students
// of a district: it creates and changes them, puts them into groups, sets a few passwords,
// repeats what is there already, and has rows that are refused for different reasons. It
// is the same for the same district.
func (in installation) mixedFile(district string, n int) [][]string {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	_, students := queried(in.t, conn,
		"SELECT s.external_id, o.id, s.username FROM students s JOIN organizations o ON o.id = s.organization_id "+
			"WHERE s.district_id = ? ORDER BY s.external_id", district)
	_, schools := queried(in.t, conn,
		"SELECT id, external_id FROM organizations WHERE type = 'SCHOOL' AND district_id = ? ORDER BY id", district)
	_, groups := queried(in.t, conn,
		"SELECT organization_id, external_id FROM `groups` WHERE synced = 0 AND district_id = ? ORDER BY id", district)
	if len(students) == 0 || len(schools) == 0 || len(groups) == 0 {
		in.t.Fatalf("the district %s has no students, schools or groups", district)
	}
	groupsOf := map[string][]string{}
	for _, g := range groups {
		groupsOf[g[0]] = append(groupsOf[g[0]], g[1])
	}
	group := func(school string, i int) string {
		list := groupsOf[school]
		if len(list) == 0 {
			return ""
		}
		return list[i%len(list)]
	}
	rows := make([][]string, n)
	for i := range rows {
		school, st := schools[i%len(schools)], students[(i/2)%len(students)]
		row := []string{"", fmt.Sprintf("N%06d", i), "Nova " + strconv.Itoa(i%97), "Newton", fmt.Sprintf("nova%06d", i), "",
			strconv.Itoa(1 + i%12), school[1], group(school[0], i), "", ""}
		switch k := i % 20; {
		case i%1500 == 1:
			row[5] = "a password of row " + strconv.Itoa(i)
		case k%2 == 1 && k < 17:
			// Somebody on record gets another name, grade and group; once the students
			// are used up these are duplicates.
			row = []string{"", st[0], "Ren " + strconv.Itoa(i%89), "", "", "", strconv.Itoa(1 + i%12), "",
				group(st[1], i), "", ""}
		case k == 17:
			row = []string{"", st[0], "", "", "", "", "", "", "", "", ""}
		case k == 18:
			row[8] = "No such group"
		case k == 19 && i%40 == 19:
			row[3] = ""
		case k == 19:
			row[4] = st[2] // is taken
		}
		rows[i] = row
	}
	return rows
}
