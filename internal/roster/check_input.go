package roster

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// ClearWord empties a field if it is the content of a cell in a file. It cannot be a name,
// because an exported file would then empty the cell when it is imported again.
const ClearWord = "[clear]"

// Clean trims a text and collapses its white space. Control characters become spaces,
// letters and their accents are composed (NFC), and zero-width spaces at the ends are
// removed. Files are read and written by the same rules; otherwise an exported name would
// come back as a change.
func Clean(s string) string {
	if fold.Tidy(s) {
		return s
	}
	return strings.Trim(strings.Join(strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " "), " \u200B\uFEFF")
}

// reserved refuses a text that has a meaning of its own in a file.
func reserved(s, what string) *fault.Error {
	if !strings.EqualFold(s, ClearWord) {
		return nil
	}
	return fault.Invalidf("the %s cannot be %s, because that empties a cell in "+
		"files", what, ClearWord).WithCode("RESERVED")
}

// CheckExternalID checks a Student ID after Clean.
func CheckExternalID(s string) *fault.Error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.Invalidf("the Student ID is empty").WithCode("REQUIRED")
	case n > MaxExternalID:
		return fault.Invalidf("the Student ID has %d characters; at most %d are allowed", n, MaxExternalID).
			WithCode("TOO_LONG")
	default:
		return reserved(s, "Student ID")
	}
}

// CheckName checks a name after Clean. The message calls it what, for example "first
// name".
func CheckName(s, what string, longest int) *fault.Error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.Invalidf("the %s is empty", what).WithCode("REQUIRED")
	case n > longest || foldsTooLong(fold.Text(s)):
		return fault.Invalidf("the %s has %d characters; at most %d are allowed", what, n, longest).WithCode("TOO_LONG")
	default:
		return reserved(s, what)
	}
}

func checkFirstName(s string) *fault.Error { return CheckName(s, "first name", MaxName) }

func checkLastName(s string) *fault.Error { return CheckName(s, "last name", MaxName) }

// foldsTooLong reports whether a folded text is too long for its column. Folding turns
// some letters, such as the ligature ﬃ, into three.
func foldsTooLong(folded string) bool { return utf8.RuneCountInString(folded) > 190 }

// CheckUsername checks a username after Clean.
func CheckUsername(s string) *fault.Error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.Invalidf("the username is empty").WithCode("REQUIRED")
	case n < MinUsername:
		return fault.Invalidf("the username has %s; at least %d are needed", quote.Count(n, "character"), MinUsername).
			WithCode("TOO_SHORT")
	case n > MaxUsername || foldsTooLong(fold.Key(s)):
		return fault.Invalidf("the username has %d characters; at most %d are allowed", n, MaxUsername).WithCode("TOO_LONG")
	default:
		return reserved(s, "username")
	}
}

// CheckPassword checks the length of a password. Its message never repeats the password.
func CheckPassword(s string, shortest int) *fault.Error {
	switch n := utf8.RuneCountInString(s); {
	case n < shortest:
		return fault.Invalidf("the password has fewer than %s", quote.Count(shortest, "character")).
			WithCode("PASSWORD_TOO_SHORT")
	case n > MaxPassword:
		return fault.Invalidf("the password has more than %d characters", MaxPassword).WithCode("PASSWORD_TOO_LONG")
	default:
		return nil
	}
}

// CheckGrade reads a grade.
func CheckGrade(s string) (grade.Grade, *fault.Error) {
	g, ok := grade.Parse(s)
	if !ok && grade.IsElsewhere(s) {
		return 0, fault.Invalidf("Homeroom does not have the grade %s; write the nearest of %s",
			quote.Text(s), grade.Wanted).WithCode("UNKNOWN_GRADE")
	}
	if !ok {
		return 0, fault.Invalidf("%s is not a grade; write %s", quote.Text(s), grade.Wanted).WithCode("UNKNOWN_GRADE")
	}
	return g, nil
}
