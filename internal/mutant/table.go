package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// fault is one small fault of the table.
type fault struct {
	// why says what would go wrong, in one line.
	why string
	// file is relative to the root of the repository.
	file string
	// tests are the arguments of go test: the packages and tests that should notice.
	tests []string
	// old occurs exactly once in the file and is replaced.
	old, replacement string
	// line is where the fault begins in the table.
	line int
}

// parse reads a table. A fault is
//
//	# What would go wrong.
//	file: ent/rule/policy.go
//	test: ./ent/rule -run TestThePoliciesByThemselves
//	-	the text in the file
//	+	the text that replaces it
//
// White space in the text does not count. There may be several lines that begin with - or
// with +; without a line that begins with +, the text is removed. The lines "file:" and
// "test:" apply until the next such line.
func parse(r io.Reader) (faults []fault, err error) {
	var f fault
	var tests []string
	n, old, replacement := 0, []string(nil), []string(nil)
	end := func() error {
		if f.why == "" && len(old) == 0 {
			return nil
		}
		f.tests, f.old, f.replacement = tests, strings.Join(old, "\n"), strings.Join(replacement, "\n")
		if f.why == "" || f.file == "" || f.old == "" || len(f.tests) == 0 {
			return fmt.Errorf("line %d: a fault has a reason, a file, a test and a text", f.line)
		}
		faults = append(faults, f)
		f, old, replacement = fault{file: f.file}, nil, nil
		return nil
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		n++
		line := lines.Text()
		isReason := strings.HasPrefix(line, "# ")
		if isReason || strings.HasPrefix(line, "file: ") || strings.HasPrefix(line, "test: ") {
			if err := end(); err != nil {
				return nil, err
			}
		}
		switch {
		case isReason:
			f.why, f.line = line[2:], n
		case strings.HasPrefix(line, "file: "):
			f.file = line[6:]
		case strings.HasPrefix(line, "test: "):
			tests = strings.Fields(line[6:])
		case strings.HasPrefix(line, "-"):
			old = append(old, line[1:])
		case strings.HasPrefix(line, "+"):
			replacement = append(replacement, line[1:])
		case strings.TrimSpace(line) != "":
			return nil, fmt.Errorf("line %d: %q is no part of a fault", n, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return faults, end()
}

// apply returns the content of the file with the fault in it.
func (f fault) apply(content string) (string, error) {
	start, end, err := f.find(content)
	if err != nil {
		return "", err
	}
	return content[:start] + f.replacement + content[end:], nil
}

// find returns where the content of the file has the text of the fault. White space does
// not count, so line breaks may be in other places.
func (f fault) find(content string) (start, end int, err error) {
	text, offsets := squeeze(content)
	old, _ := squeeze(f.old)
	switch n := strings.Count(text, old); n {
	case 1:
		at := strings.Index(text, old)
		return offsets[at], offsets[at+len(old)-1] + 1, nil
	case 0:
		return 0, 0, fmt.Errorf("faults.txt:%d: the text is no longer in %s: take the fault out, or say what it is now",
			f.line, f.file)
	default:
		return 0, 0, fmt.Errorf("faults.txt:%d: the text stands %d times in %s: add to it until it stands there once",
			f.line, n, f.file)
	}
}

// difference is find without the common beginning and end of the text and its replacement;
// it also returns the rest of the replacement.
func (f fault) difference(content string) (start, end int, replacement string, err error) {
	start, end, err = f.find(content)
	replacement = f.replacement
	for start < end && replacement != "" && content[start] == replacement[0] {
		start, replacement = start+1, replacement[1:]
	}
	for last := len(replacement) - 1; start < end && last >= 0 && content[end-1] == replacement[last]; last-- {
		end, replacement = end-1, replacement[:last]
	}
	return start, end, replacement, err
}

// squeeze returns a text without its white space, and the original offset of each byte.
func squeeze(text string) (squeezed string, offsets []int) {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\t' && c != '\n' {
			b.WriteByte(c)
			offsets = append(offsets, i)
		}
	}
	return b.String(), offsets
}
