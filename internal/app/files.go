package app

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// importedFile is one of the files of an import.
type importedFile struct {
	// argument is what names it on the command line: the file, or the archive that it is in.
	argument string
	// path is what messages call it, and name the name of the file alone.
	path, name string
	open       func() (io.ReadCloser, error)

	kind    bulkjob.Kind
	headers []string
	columns []sheet.Choice
}

// maxMembers is how many files an archive may have.
const maxMembers = 100

// filesOf returns the files that arguments name. An archive stands for the files in it, which
// are read from it one by one; nothing is unpacked onto the disk.
func filesOf(arguments []string) (files []*importedFile, done func(), err error) {
	var archives []*zip.ReadCloser
	done = func() {
		for _, a := range archives {
			a.Close()
		}
	}
	var problems []error
	for _, argument := range arguments {
		if !strings.EqualFold(filepath.Ext(argument), ".zip") {
			files = append(files, &importedFile{argument: argument, path: argument, name: filepath.Base(argument),
				open: func() (io.ReadCloser, error) { return os.Open(argument) }})
			continue
		}
		archive, err := zip.OpenReader(argument)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", argument, unreadable(err)))
			continue
		}
		archives = append(archives, archive)
		members, err := membersOf(argument, archive)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", argument, err))
		}
		files = append(files, members...)
	}
	if err := errors.Join(problems...); err != nil {
		done()
		return nil, func() {}, err
	}
	return files, done, nil
}

// membersOf returns the files in an archive. What programs of a computer add by themselves is
// left out; anything else that is no list is refused, so that nothing is left out silently.
func membersOf(argument string, archive *zip.ReadCloser) (files []*importedFile, err error) {
	for _, member := range archive.File {
		name := path.Base(strings.ReplaceAll(member.Name, `\`, "/"))
		switch {
		case member.FileInfo().IsDir(), strings.HasPrefix(name, "."), strings.EqualFold(name, "thumbs.db"),
			strings.HasPrefix(member.Name, "__MACOSX/"):
			continue
		case !slices.Contains([]string{".csv", ".tsv", ".txt", ".xlsx"}, strings.ToLower(path.Ext(name))):
			return nil, fmt.Errorf("%w: %s is neither a CSV file nor an Excel workbook (.xlsx); take it out of the archive",
				errUnreadable, quote.Text(name))
		case member.Flags&1 != 0:
			return nil, fmt.Errorf("%w: it has a password; unpack it, and import the files in it", errUnreadable)
		}
		files = append(files, &importedFile{argument: argument, path: argument + "/" + name, name: name, open: member.Open})
	}
	switch {
	case len(files) == 0:
		return nil, fmt.Errorf("%w: no CSV file and no Excel workbook is in it", errUnreadable)
	case len(files) > maxMembers:
		return nil, fmt.Errorf("%w: %d files are in it; at most %d are read", errUnreadable, len(files), maxMembers)
	}
	return files, nil
}

// inOrder is the order in which kinds of files need each other: what a row names has to be
// there. Classes name their teachers.
var inOrder = []bulkjob.Kind{bulkjob.KindIMPORT_ORGANIZATIONS, bulkjob.KindIMPORT_EDUCATORS, bulkjob.KindIMPORT_GROUPS,
	bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_ENROLLMENTS}

// sortByKind puts files into the order in which they need each other, however they were
// given. Files of one kind keep their order. It reports whether anything has moved.
func sortByKind(files []*importedFile) bool {
	before := slices.Clone(files)
	slices.SortStableFunc(files, func(a, b *importedFile) int {
		return slices.Index(inOrder, a.kind) - slices.Index(inOrder, b.kind)
	})
	return !slices.Equal(before, files)
}

// pathsOf returns what messages call some files.
func pathsOf(files []*importedFile) (paths []string) {
	for _, f := range files {
		paths = append(paths, f.path)
	}
	return paths
}

// argumentsOf returns the arguments that name some files, each once.
func argumentsOf(files []*importedFile) (arguments []string) {
	for _, f := range files {
		if !slices.Contains(arguments, f.argument) {
			arguments = append(arguments, f.argument)
		}
	}
	return arguments
}

// mapColumns gives each of several files those of the choices of --map whose headers it has.
// A header that no file has is a mistake. The only file gets them all.
func mapColumns(files []*importedFile, choices []sheet.Choice) error {
	if len(files) == 1 {
		files[0].columns = choices
		return nil
	}
	var problems []error
	for _, c := range choices {
		used := false
		for _, f := range files {
			if slices.ContainsFunc(f.headers, func(h string) bool { return sheet.HeaderKey(h) == sheet.HeaderKey(c.Header) }) {
				f.columns, used = append(f.columns, c), true
			}
		}
		if !used {
			problems = append(problems, fmt.Errorf("--map: no file has a column %s", quote.Text(c.Header)))
		}
	}
	return errors.Join(problems...)
}
