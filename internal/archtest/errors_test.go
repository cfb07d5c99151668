package archtest_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..")

// inCapitals is what codes look like, and some other words of the code as well.
var inCapitals = regexp.MustCompile(`^[A-Z][A-Z0-9]+(_[A-Z0-9]+)*$`)

// noCodes are words in capitals that no client sees as a code, by the folder or file in
// which they are. An empty list means all words there.
var noCodes = map[string][]string{
	"ent/schema":                        {}, // Values of columns.
	"ent/migrations":                    {},
	"ent/rule":                          {},
	"internal/config":                   {}, // Environment variables and units.
	"internal/grade":                    {}, // Spellings.
	"internal/sample":                   {}, // Made-up names.
	"internal/job/trace":                {}, // The words of a student's record.
	"internal/mail":                     {"STARTTLS"},
	"internal/testlog":                  {"GOGC"},
	"internal/app":                      {"HOMEROOM_PUBLIC_URL", "FILE", "LOGNAME", "USER", "SUDO_USER", "FORBIDDEN"},
	"internal/audit/list.go":            {"AT"},
	"internal/audit/verify.go":          {"ALTERED", "CUT_OFF", "MISSING", "UNEXPECTED", "UNEXPLAINED"},
	"internal/csvfile/codepage.go":      {"GB18030"},
	"internal/csvfile/format.go":        {"CR", "CRLF", "LF"},
	"internal/csvfile/sniff.go":         {"GIF8", "PAR1", "TABLE"},
	"internal/database/migrate.go":      {"COMMIT", "ROLLBACK"},
	"internal/database/migrate_look.go": {"NULL"},
	"internal/database/trouble.go":      {"UNKNOWN"},
	"internal/httpd/origin.go":          {"B3"},
	"internal/httpd/page":               {"LICENSES"},
	"internal/httpd/request.go":         {"INTERNAL"},
	"internal/httpd/server.go":          {"DENY"},
	"internal/job/reader":               {"CHANGE", "LATEST", "ROW"},
	"internal/dbtest":                   {"CI", "HOMEROOM_TEST_MYSQL"},
	"internal/identity/proof.go":        {"PASSWORD"},
	"internal/job":                      {"ID"},
	"internal/job/sheet":                {"NA", "NIL", "NULL"},
	"internal/roster":                   {"ID"},
	"internal/workbook":                 {"FALSE", "TRUE", "XLSX"},
	"graph/document/variable.go":        {"ID"},
}

// ofGqlgen are the codes that gqlgen itself gives.
var ofGqlgen = []string{"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}

// TestEveryCodeIsExplained compares docs/errors.md with the codes in the code. A word in
// capitals is a code if it is given to WithCode or is one of the constants of problems. So
// is any other that is neither a value of an enum of the schema nor one of noCodes.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs/errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range regexp.MustCompile("`([A-Z][A-Z0-9_]+)`").FindAllStringSubmatch(cells[1], -1) {
				explained[m[1]] = true
			}
		}
	}
	certain, words := codes(t)
	for word, file := range certain {
		if !explained[word] {
			t.Errorf("%s, a code in %s, is not in docs/errors.md", word, file)
		}
	}
	enums := enumValues(t)
	for word, file := range words {
		if !explained[word] && !enums[word] {
			t.Errorf("%s in %s is not in docs/errors.md; if it is not a code, add it to noCodes", word, file)
		}
	}
	for word := range explained {
		if certain[word] == "" && words[word] == "" && !slices.Contains(ofGqlgen, word) {
			t.Errorf("docs/errors.md explains %s, which is not in the code", word)
		}
	}
}

// codes returns the words that are certainly codes, and all words in capitals but noCodes,
// each with a file in which it is.
func codes(t *testing.T) (certain, words map[string]string) {
	t.Helper()
	certain, words = map[string]string{}, map[string]string{}
	for _, folder := range []string{"ent", "graph", "internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			file, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			file = filepath.ToSlash(file)
			switch {
			case d.IsDir():
				if slices.Contains([]string{"ent/db", "internal/dashboard", "internal/mutant"}, file) {
					return fs.SkipDir
				}
				return nil
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil || bytes.Contains(content, []byte("DO NOT EDIT")) {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, content, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if of, ok := n.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "WithCode" {
						if word := literal(n.Args[0]); word != "" {
							certain[word] = file
						}
					}
				case *ast.BasicLit:
					if word := literal(n); word == "" || isNoCode(file, word) {
						break
					} else if strings.HasSuffix(file, "/error.go") || strings.HasSuffix(file, "row/problem.go") {
						certain[word] = file
					} else {
						words[word] = file
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return certain, words
}

// literal returns a word in capitals, if an expression is one.
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	if s, err := strconv.Unquote(lit.Value); err == nil && inCapitals.MatchString(s) {
		return s
	}
	return ""
}

func isNoCode(file, word string) bool {
	for place, list := range noCodes {
		if (file == place || strings.HasPrefix(file, place+"/")) && (len(list) == 0 || slices.Contains(list, word)) {
			return true
		}
	}
	return false
}

// enumValues returns the values of the enums of the schema.
func enumValues(t *testing.T) map[string]bool {
	t.Helper()
	schema, err := os.ReadFile(filepath.Join(root, "schema.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s+([A-Z][A-Z0-9_]+)\s*(@.*)?$`).FindAllSubmatch(schema, -1) {
		values[string(m[1])] = true
	}
	return values
}
