package csvfile_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// codePages are code pages that are read, and some that are not.
var codePages = map[string]encoding.Encoding{
	"Windows-1250": charmap.Windows1250, "Windows-1251": charmap.Windows1251, "Windows-1252": charmap.Windows1252,
	"Windows-1253": charmap.Windows1253, "Windows-1254": charmap.Windows1254, "Windows-1255": charmap.Windows1255,
	"Windows-1256": charmap.Windows1256, "Windows-1257": charmap.Windows1257, "ISO 8859-2": charmap.ISO8859_2,
	"ISO 8859-5": charmap.ISO8859_5, "ISO 8859-7": charmap.ISO8859_7, "ISO 8859-9": charmap.ISO8859_9,
	"KOI8-R": charmap.KOI8R, "KOI8-U": charmap.KOI8U, "Mac Roman": charmap.Macintosh, "Shift-JIS": japanese.ShiftJIS,
	"GB18030": simplifiedchinese.GB18030, "Big5": traditionalchinese.Big5, "EUC-KR": korean.EUCKR,
	"CP866": charmap.CodePage866, "CP850": charmap.CodePage850, "MacCyrillic": charmap.MacintoshCyrillic,
}

// TestCodePages writes files of names in code pages. Whatever is read must equal what was
// written. Files of twenty names must be read, except those with few special letters.
// Files in Windows-1252 are read however short they are.
func TestCodePages(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for block := range strings.SplitSeq(string(content), "\n\n") {
		title, names, ok := strings.Cut(strings.TrimSpace(block), "\n")
		if !ok || strings.HasPrefix(title, "#") {
			continue
		}
		language, pages, _ := strings.Cut(title, ": ")
		for page := range strings.SplitSeq(pages, ", ") {
			tried[page] = true
			t.Run(page+" "+language, func(t *testing.T) {
				t.Parallel()
				tryCodePage(t, page, language, strings.Fields(names))
			})
		}
	}
	if len(tried) != len(codePages) {
		t.Errorf("%d code pages are tried of %d", len(tried), len(codePages))
	}
}

func tryCodePage(t *testing.T, page, language string, names []string) {
	t.Helper()
	unread := slices.Contains([]string{"CP866", "CP850", "MacCyrillic"}, page)
	for _, n := range []int{1, 2, 5, 20} {
		random := rand.New(rand.NewSource(int64(n)))
		read, refused := 0, 0
		for range 50 {
			file := "Student ID,First Name,Last Name\n"
			for i := range n {
				first, last, _ := strings.Cut(names[random.Intn(len(names))], "|")
				file += fmt.Sprintf("%d,%s,%s\n", i, first, last)
			}
			stored, err := codePages[page].NewEncoder().String(file)
			if err != nil || !strings.ContainsFunc(file, func(r rune) bool { return r > 0x7F }) {
				continue
			}
			format, got, err := readAll(stored)
			var refusal *csvfile.Error
			switch {
			case errors.As(err, &refusal):
				refused++
				if page == "Windows-1252" && language != "us" {
					t.Errorf("refused: %v\n%s", err, file)
				}
			case err != nil:
				t.Fatal(err)
			case got == file:
				read++
			case n <= 5 && format.Encoding == csvfile.Windows1252:
				// A few names whose letters also occur next to each other in Windows-1252.
			default:
				t.Errorf("read in %s:\n%swritten:\n%s", format.Encoding, got, file)
			}
		}
		few := slices.Contains([]string{"et", "he", "ro", "cs"}, language)
		switch {
		case n == 20 && unread && read > 0:
			t.Errorf("%d files were read, though nobody knows their code page", read)
		case n == 20 && !unread && !few && refused*10 > read:
			t.Errorf("%d files of 20 names were read, and %d refused", read, refused)
		}
	}
}

// readAll returns what a file says, as a file in UTF-8 would.
func readAll(stored string) (csvfile.Format, string, error) {
	f, err := csvfile.Inspect(strings.NewReader(stored), csvfile.Limits{})
	if err != nil {
		return f, "", err
	}
	r, err := csvfile.NewReader(strings.NewReader(stored), f, csvfile.Limits{})
	if err != nil {
		return f, "", err
	}
	text := strings.Join(f.Header, ",") + "\n"
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return f, text, nil
		case err != nil:
			return f, text, err
		}
		text += strings.Join(rec.Cells, ",") + "\n"
	}
}

// If a file can be read in two ways, the message shows both.
func TestAFileThatCanBeReadInTwoWays(t *testing.T) {
	t.Parallel()
	_, err := csvfile.Inspect(strings.NewReader("Name\nWi\x9cniewski\nKowalska\n"), csvfile.Limits{})
	var refusal *csvfile.Error
	if !errors.As(err, &refusal) || refusal.Code != csvfile.UnclearEncoding {
		t.Fatal(err)
	}
	if want := `In Windows-1252 it says "Wiœniewski". In Windows-1250 it says "Wiśniewski".`; !strings.HasSuffix(refusal.Message,
		want) {
		t.Error(refusal.Message)
	}
}

// A file of code pages is read piece by piece, wherever the pieces end.
func TestTheEndOfABufferIsNoEndOfAWord(t *testing.T) {
	t.Parallel()
	name, err := charmap.Windows1251.NewEncoder().String("Иван,Щукин\nМария,Петрова\n")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		file := "First Name,Last Name\n" + strings.Repeat("x", 4070-n) + ",Y\n" + name
		f, _, err := readAll(file)
		if err != nil || f.Encoding != csvfile.Windows1251 {
			t.Errorf("%d: %s, %v", n, f.Encoding, err)
		}
	}
}

func TestReadOtherwise(t *testing.T) {
	t.Parallel()
	for stored, cell := range map[string]string{"Иван": "Èâàí", "Chloé": "ChloŽ", "Nuñez": "Nu–ez", "Łukasz": "£ukasz",
		"Zdeňka": "Zdeòka", "太郎": "‘¾˜Y", "Szőke": "Szõke", "Müller": "M\u009fller"} {
		if !csvfile.ReadOtherwise(stored, cell) {
			t.Errorf("%s is no %s", cell, stored)
		}
	}
	for stored, cell := range map[string]string{"Иван": "Иванка", "Chloé": "Chloë", "Müller": "Muller", "Ana": "Ána",
		"": "é", "é": ""} {
		if csvfile.ReadOtherwise(stored, cell) {
			t.Errorf("%s is %s", cell, stored)
		}
	}
}
