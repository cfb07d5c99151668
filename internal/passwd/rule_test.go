package passwd_test

import (
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/openhomeroom/homeroom/internal/passwd"
)

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	own := append(passwd.Own("Dána", "O'Brien-Smith", "d.obrien77@lakeside.example.org", "dobs"), "Alpha District",
		"North High School")
	for password, want := range map[string]string{
		"short7!":                     "PASSWORD_TOO_SHORT",
		strings.Repeat("x", 257):      "PASSWORD_TOO_LONG",
		"password":                    "COMMON_PASSWORD",
		"PassWord":                    "COMMON_PASSWORD",
		"ｐａｓｓｗｏｒｄ":                    "COMMON_PASSWORD",
		"qwertyuiop":                  "COMMON_PASSWORD",
		"iloveyou":                    "COMMON_PASSWORD",
		"dana2026!":                   "PERSONAL_PASSWORD",
		"DÁNA-2026":                   "PERSONAL_PASSWORD",
		"2026!!dana":                  "PERSONAL_PASSWORD",
		"danasmith":                   "PERSONAL_PASSWORD",
		"obrien.dana":                 "PERSONAL_PASSWORD",
		"O'Brien-Smith":               "PERSONAL_PASSWORD",
		"danadana1":                   "PERSONAL_PASSWORD",
		"d.obrien77":                  "PERSONAL_PASSWORD",
		"lakeside1":                   "PERSONAL_PASSWORD",
		"Lakeside.example.org":        "PERSONAL_PASSWORD",
		"alphadistrict":               "PERSONAL_PASSWORD",
		"NorthHighSchool26":           "PERSONAL_PASSWORD",
		"homeroom":                    "PERSONAL_PASSWORD",
		"Homeroom2026":                "PERSONAL_PASSWORD",
		"correct horse":               "",
		"dana likes strong tea":       "",
		"northern lights over tromsø": "",
		"93817265530":                 "",
		"password\nqwertyuiop":        "COMMON_PASSWORD",
		"password-password":           "COMMON_PASSWORD",
		"Sunshine, Sunshine!":         "COMMON_PASSWORD",
		"ppaasswwoorrdd":              "COMMON_PASSWORD",
		"pp-aa-ss-ww-oo-rr-dd":        "COMMON_PASSWORD",
		"PPaassssWWoorrdd1":           "COMMON_PASSWORD",
		"p-a-s-s-w-o-r-d":             "COMMON_PASSWORD",
		"P.@.$.$.w.0.r.d.1":           "COMMON_PASSWORD",
		"pässwörd":                    "COMMON_PASSWORD",
		"\u0420assword":               "COMMON_PASSWORD",
		"раssw\u03bfrd":               "COMMON_PASSWORD",
		"ThePassword1":                "COMMON_PASSWORD",
		"my sunshine":                 "COMMON_PASSWORD",
		"passwordqwerty":              "COMMON_PASSWORD",
		"sunshine+princess":           "COMMON_PASSWORD",
		"zaq12wsxcde3":                "COMMON_PASSWORD",
		"3edc4rfv5tgb":                "COMMON_PASSWORD",
		"passw()rd":                   "COMMON_PASSWORD",
		"ddaannaa2026":                "PERSONAL_PASSWORD",
		"d-a-n-a-2-0-2-6":             "PERSONAL_PASSWORD",
		"the tiny green ladder":       "",
		"mm ee aa tt qq zz":           "",
		"........":                    "COMMON_PASSWORD",
		"        ":                    "COMMON_PASSWORD",
		"\u00a0\u2003\u00a0\u2003\u00a0\u2003\u00a0\u2003": "COMMON_PASSWORD",
		strings.Repeat("\u200b", 9):                        "PASSWORD_TOO_SHORT",
		"seven\u200d\u034f\ufe0f\u00ad":                    "PASSWORD_TOO_SHORT",
		strings.Repeat("e\u0301", 4):                       "PASSWORD_TOO_SHORT",
		strings.Repeat("e\u0301", 8):                       "COMMON_PASSWORD",
		"aaaaaaaa":                                         "COMMON_PASSWORD",
		"abababab":                                         "COMMON_PASSWORD",
		"12345678":                                         "COMMON_PASSWORD",
		"87654321":                                         "COMMON_PASSWORD",
		"1234567812345678":                                 "COMMON_PASSWORD",
		"11223344556677":                                   "COMMON_PASSWORD",
		"abcdefgh":                                         "COMMON_PASSWORD",
		"AbcdEfghIjklMnop":                                 "COMMON_PASSWORD",
		"qwertyuiop[]":                                     "COMMON_PASSWORD",
		"qwerty123456":                                     "COMMON_PASSWORD",
		"xq1fxq1fxq1":                                      "COMMON_PASSWORD",
		"passwordpassword":                                 "COMMON_PASSWORD",
		"password!":                                        "COMMON_PASSWORD",
		"!!Password2026!":                                  "COMMON_PASSWORD",
		" p a s s w o r d ":                                "COMMON_PASSWORD",
		"pass\u00adword":                                   "COMMON_PASSWORD",
		"P@$$w0rd":                                         "COMMON_PASSWORD",
		"Passw0rd!":                                        "COMMON_PASSWORD",
		"drowssap":                                         "COMMON_PASSWORD",
		"drowssap99":                                       "COMMON_PASSWORD",
		"letmein2026":                                      "COMMON_PASSWORD",
		"trustno1!":                                        "COMMON_PASSWORD",
		"abso1ute1y":                                       "COMMON_PASSWORD",
		"miche11e":                                         "COMMON_PASSWORD",
		"foot6all":                                         "COMMON_PASSWORD",
		"йцукенгш":                                         "COMMON_PASSWORD",
		"Summer2026":                                       "COMMON_PASSWORD",
		"teacher123!":                                      "COMMON_PASSWORD",
		"welcome2school":                                   "COMMON_PASSWORD",
		"01012026":                                         "COMMON_PASSWORD",
		"2026-01-01":                                       "COMMON_PASSWORD",
		"D4na2026":                                         "PERSONAL_PASSWORD",
		"neirbo.anad":                                      "PERSONAL_PASSWORD",
		"62MOOREMOH":                                       "PERSONAL_PASSWORD",
		"summer rain on tin":                               "",
		"9 april mornings":                                 "",
		"deer stuff fit":                                   "",
		"пять зелёных слонов":                              "",
		"梅雨の朝に歩く猫":                                         "",
	} {
		t.Run("of "+password[:min(len(password), 20)], func(t *testing.T) {
			t.Parallel()
			err := passwd.Check(password, own...)
			got := ""
			if err != nil {
				got = err.Code
				if password != "password" && strings.Contains(err.Message, password) {
					t.Errorf("the message repeats the password: %s", err.Message)
				}
			}
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	t.Run("nothing is held against somebody of whom nothing is known", func(t *testing.T) {
		t.Parallel()
		if err := passwd.Check("brookhaven-77", "", " ", "@"); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryCommonPasswordIsFound(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	for password := range strings.Lines(string(list)) {
		password = strings.TrimSuffix(password, "\n")
		if err := passwd.Check(password); err == nil ||
			err.Code != "COMMON_PASSWORD" && err.Code != "PERSONAL_PASSWORD" {
			t.Errorf("%q: %v", password, err)
		}
		if err := passwd.Check(password + " by the river"); err != nil {
			t.Errorf("%q and more: %v", password, err)
		}
	}
}

func TestNamesOfTwoCharactersCount(t *testing.T) {
	t.Parallel()
	if err := passwd.Check("王伟王伟2026", passwd.Own("伟", "王", "", "王伟")...); err == nil ||
		err.Code != "PERSONAL_PASSWORD" {
		t.Errorf("%v", err)
	}
	if err := passwd.Check("lithium ion cell", passwd.Own("Bo", "Li", "bo@example.org", "")...); err != nil {
		t.Errorf("two letters of another word: %v", err)
	}
}

// written says how somebody writes a letter who thinks that nobody guesses it. Some signs
// stand for two letters.
var written = map[rune]string{
	'a': "4@", 'b': "68", 'c': "(<¢", 'e': "3€", 'g': "69", 'h': "#", 'i': "1!|¡", 'l': "17!|£", 'o': "0", 'q': "9",
	's': "5$§", 't': "7+†", 'y': "¥", 'z': "2",
}

// spelled are a word with one letter written in one other way, with each of its letters
// so, and each in a way of its own.
func spelled(word string) (all []string) {
	mixed, first := []rune(word), []rune(word)
	for i, r := range mixed {
		signs := []rune(written[r])
		if len(signs) == 0 {
			continue
		}
		for _, sign := range signs {
			all = append(all, strings.ReplaceAll(word, string(r), string(sign)))
		}
		first[i], mixed[i] = signs[0], signs[i%len(signs)]
	}
	return append(all, string(first), string(mixed))
}

func TestAWordIsFoundHoweverItsLettersAreWritten(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(password string, own ...string) bool {
		err := passwd.Check(password, own...)
		return err != nil && (err.Code == "COMMON_PASSWORD" || err.Code == "PERSONAL_PASSWORD")
	}
	n := 0
	for word := range strings.Lines(string(list)) {
		word = strings.TrimSuffix(word, "\n")
		if n++; n%40 != 0 && word != "illinois" && word != "michelle" || !strings.ContainsFunc(word, unicode.IsLetter) {
			continue
		}
		for _, password := range spelled(word) {
			if !refused(password) || !refused("!"+password+"2026") {
				t.Errorf("%q for %q is not refused", password, word)
			}
		}
	}
	for _, word := range []string{"welcome", "principal", "administrator", "qwertyuiop"} {
		for _, password := range spelled(word) {
			if !refused(password+"26#") || !refused(password+password) {
				t.Errorf("%q for %q is not refused", password, word)
			}
		}
	}
	for _, name := range []string{"lilibeth", "gottfried", "szabolcs"} {
		for _, password := range spelled(name) {
			if !refused(password+"2026", passwd.Own(name, "Yxa", "", "")...) {
				t.Errorf("%q for the name %q is not refused", password, name)
			}
		}
	}
	for _, password := range []string{"1ate bu5 in rain", "my 2 cats & 3 dogs", "k1tchen t4ble lamp", "93817265530",
		"x9$kT!w27#pLm", "4 gr33n b1rds fly"} {
		if refused(password, passwd.Own("Tim", "Lee", "tim.lee@example.org", "")...) {
			t.Errorf("%q is refused", password)
		}
	}
}
