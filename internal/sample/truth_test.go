package sample_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/sample"
)

// untrue recomputes all derived values in SQL, checks what must never happen, and reports
// the rows that are wrong.
func untrue(t testing.TB, d *database.DB) {
	t.Helper()
	for what, query := range map[string]string{
		"group_count":       "SELECT COUNT(*) FROM students s WHERE group_count <> (SELECT COUNT(*) FROM enrollments e WHERE e.student_id = s.id)",
		"ungrouped":         "SELECT COUNT(*) FROM students WHERE ungrouped <> (CASE WHEN group_count = 0 THEN 1 ELSE 0 END)",
		"active":            "SELECT COUNT(*) FROM students WHERE active <> (CASE WHEN seconds_this_year >= 60 THEN 1 ELSE 0 END)",
		"seconds_this_year": "SELECT COUNT(*) FROM students s JOIN organizations o ON o.id = s.organization_id WHERE seconds_this_year <> COALESCE((SELECT SUM(seconds) FROM usage_days u WHERE u.student_id = s.id AND u.day >= o.usage_counted_from), 0)",
		"last_active_at":    "SELECT COUNT(*) FROM students s WHERE (last_active_at IS NULL) <> (NOT EXISTS (SELECT 1 FROM usage_days u WHERE u.student_id = s.id))",
		"student_count":     "SELECT COUNT(*) FROM `groups` g WHERE student_count <> (SELECT COUNT(*) FROM enrollments e WHERE e.group_id = g.id)",

		"a group of another school":         "SELECT COUNT(*) FROM enrollments e JOIN students s ON s.id = e.student_id JOIN `groups` g ON g.id = e.group_id WHERE g.organization_id <> s.organization_id",
		"a manual student in a SIS group":   "SELECT COUNT(*) FROM enrollments e JOIN students s ON s.id = e.student_id JOIN `groups` g ON g.id = e.group_id WHERE g.synced = 1 AND s.synced = 0",
		"a synced student in no SIS group":  "SELECT COUNT(*) FROM students s WHERE synced = 1 AND NOT EXISTS (SELECT 1 FROM enrollments e JOIN `groups` g ON g.id = e.group_id WHERE e.student_id = s.id AND g.synced = 1)",
		"a group without 1 or 2 teachers":   "SELECT COUNT(*) FROM `groups` g WHERE (SELECT COUNT(*) FROM group_educators t WHERE t.group_id = g.id) NOT IN (1, 2)",
		"a teacher without the role":        "SELECT COUNT(*) FROM group_educators t JOIN `groups` g ON g.id = t.group_id WHERE NOT EXISTS (SELECT 1 FROM role_assignments a WHERE a.educator_id = t.educator_id AND a.organization_id = g.organization_id AND a.role = 'TEACHER')",
		"a student without words":           "SELECT COUNT(*) FROM students s WHERE (SELECT COUNT(*) FROM student_words w WHERE w.student_id = s.id) < 2",
		"a district that is not its own":    "SELECT COUNT(*) FROM organizations WHERE type = 'DISTRICT' AND (district_id IS NULL OR district_id <> id)",
		"a row of two districts":            "SELECT COUNT(*) FROM students s JOIN organizations o ON o.id = s.organization_id WHERE s.district_id <> o.district_id",
		"usage in the future or of nothing": "SELECT COUNT(*) FROM usage_days WHERE seconds <= 0 OR seconds > 86400",
	} {
		if n := number(t, d, query); n != 0 {
			t.Errorf("%s is wrong in %d rows", what, n)
		}
	}
}

func TestDemonstration(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		start := time.Now()
		var told []int
		summary := fill(t, d,
			sample.Options{PasswordHash: "$argon2id$x", Progress: func(done, total int) { told = append(told, done, total) }})
		t.Logf("%d students, %d rows in %v", summary.Students, summary.Rows(), time.Since(start).Round(time.Millisecond))
		untrue(t, d)
		unlikeFold(t, d)

		for what, is := range map[string]struct{ got, want int }{
			"schools":           {summary.Schools, 5},
			"groups":            {summary.Groups, 60},
			"educators":         {summary.Educators, 40},
			"students":          {number(t, d, "SELECT COUNT(*) FROM students"), 3000},
			"products":          {number(t, d, "SELECT COUNT(DISTINCT product_id) FROM usage_days"), 3},
			"unassigned":        {number(t, d, "SELECT COUNT(*) FROM students WHERE ungrouped = 1"), 390},
			"unassigned active": {number(t, d, "SELECT COUNT(*) FROM students WHERE ungrouped = 1 AND active = 1"), 312},
			"the same, told":    {summary.UnassignedActive, 312},
			"enrollments":       {number(t, d, "SELECT COUNT(*) FROM enrollments"), summary.Enrollments},
			"usage days":        {number(t, d, "SELECT COUNT(*) FROM usage_days"), summary.UsageDays},
			"words":             {number(t, d, "SELECT COUNT(*) FROM student_words"), summary.Words},
			"synced groups":     {number(t, d, "SELECT COUNT(*) FROM `groups` WHERE synced = 1 AND student_count > 0"), 5},
			"empty groups":      {number(t, d, "SELECT COUNT(*) FROM `groups` WHERE student_count = 0"), 1},
			"names twice in a school": {number(t, d,
				"SELECT COUNT(*) FROM (SELECT 1 FROM `groups` GROUP BY organization_id, name_key HAVING COUNT(*) > 1) twice"), 1},
			"counted from": {number(t, d, "SELECT MIN(usage_counted_from) FROM organizations"), int(calendar.Date(2026, time.August, 1))},
			"passwords":    {number(t, d, "SELECT COUNT(*) FROM educators WHERE password_hash IS NOT NULL"), 3},
			"groups of teacher@": {number(t, d,
				"SELECT COUNT(*) FROM group_educators t JOIN educators e ON e.id = t.educator_id "+
					"WHERE email_key = 'teacher@example.com'"), 3},
		} {
			if is.got != is.want {
				t.Errorf("%s: %d, want %d", what, is.got, is.want)
			}
		}
		if !slices.Equal(told, []int{3000, 3000}) {
			t.Errorf("progress was told as %v", told)
		}
		if weeks := number(t, d, "SELECT MAX(day) - MIN(day) FROM usage_days") / 7; weeks < 9 || weeks > 10 {
			t.Errorf("the usage spans %d weeks", weeks)
		}
		if n := number(t, d,
			"SELECT COUNT(*) FROM students WHERE ungrouped = 1 AND seconds_this_year BETWEEN 1 AND 59"); n == 0 {
			t.Error("no unassigned student is just short of a minute")
		}
		signIns(t, summary)
	})
}

func signIns(t *testing.T, summary sample.Summary) {
	t.Helper()
	var got []string
	for _, s := range summary.SignIns {
		got = append(got, fmt.Sprint(s.Email, " ", s.Role))
	}
	want := []string{"district@example.com DISTRICT_ADMIN", "school@example.com SCHOOL_ADMIN",
		"teacher@example.com TEACHER"}
	if !slices.Equal(got, want) || summary.SignIns[1].At != summary.SignIns[2].At {
		t.Errorf("sign-ins %v, want %v of the same school", summary.SignIns, want)
	}
}

// unlikeFold compares the folded columns with package fold, and looks at the
// shapes of names and identifiers.
func unlikeFold(t *testing.T, d *database.DB) {
	t.Helper()
	words := map[string][]string{}
	each(t, d, "SELECT s.external_id, w.word FROM student_words w JOIN students s ON s.id = w.student_id",
		func(scan func(...any) error) error {
			var id, word string
			err := scan(&id, &word)
			words[id] = append(words[id], word)
			return err
		})
	seen, scripts := map[string]bool{}, map[string]bool{}
	query := "SELECT external_id, username, username_key, first_name, last_name, sort_name FROM students"
	each(t, d, query, func(scan func(...any) error) error {
		var id, username, key, first, last, sort string
		err := scan(&id, &username, &key, &first, &last, &sort)
		if key != fold.Key(username) || sort != fold.SortName(last, first) || seen[key] ||
			utf8.RuneCountInString(username) < 3 {
			t.Errorf("student %s: username %q, %q, sort name %q", id, username, key, sort)
		}
		seen[key] = true
		if !strings.HasPrefix(id, "0") || len(id) > 64 {
			t.Errorf("the Student ID %s has no leading zero", id)
		}
		var want []string
		for _, word := range fold.Words(strings.Join([]string{first, last, username, id}, " ")) {
			if runes := []rune(word); len(runes) > 64 {
				word = string(runes[:64])
			}
			if !slices.Contains(want, word) {
				want = append(want, word)
			}
		}
		slices.Sort(want)
		slices.Sort(words[id])
		if !slices.Equal(words[id], want) {
			t.Errorf("student %s has the words %q, want %q", id, words[id], want)
		}
		for _, shape := range []string{"ñ", "'", "-", " ", "ễ", "محمد", "כהן", "王", "さくら", "김", "Анна", "Ελένη", "आरव",
			"สมชาย", "ö", "ë"} {
			if strings.Contains(first+"|"+last, shape) {
				scripts[shape] = true
			}
		}
		if !norm.NFC.IsNormalString(first + last) {
			t.Errorf("%s %s is stored as nobody could have entered it", first, last)
		}
		scripts["one letter"] = scripts["one letter"] || len(last) == 1
		scripts["long"] = scripts["long"] || utf8.RuneCountInString(last) > 50
		return err
	})
	if len(scripts) < 17 {
		t.Errorf("only these shapes of names are there: %v", scripts)
	}
}

func TestUsageBeforeTheSchoolYear(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		now := time.Date(2026, time.August, 5, 9, 0, 0, 0, time.UTC)
		fill(t, d, sample.Options{Students: 600, Now: now})
		untrue(t, d)
		from := calendar.Date(2026, time.August, 1)
		if n := number(t, d, "SELECT COUNT(*) FROM usage_days WHERE day < ?", int(from)); n == 0 {
			t.Error("there is no usage before the school year")
		}
		if n := number(t, d, "SELECT COUNT(*) FROM students WHERE active = 1"); n < 300 {
			t.Errorf("only %d students are active on the third school day", n)
		}
		if n := number(t, d, "SELECT COUNT(*) FROM students WHERE last_active_at > ?", now); n != 0 {
			t.Errorf("%d students will be active in the future", n)
		}
	})
}
