package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/table"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// importFlags are the flags of the import command.
type importFlags struct {
	kind, organization, district, groupsMode, commitMode, missing, leavers string
	dryRun, yes, noHold, createGroups                                      bool
	show                                                                   int
	// scratch is true for a dry run on a database of its own, which is removed afterwards.
	scratch bool
	// maps are headers and columns, as Header=Column.
	maps []string
	// left are the files from the current one on.
	left []string
}

// The values of the flags on the command line.
var (
	kindNames = map[string]bulkjob.Kind{
		"organizations": bulkjob.KindIMPORT_ORGANIZATIONS,
		"educators":     bulkjob.KindIMPORT_EDUCATORS,
		"groups":        bulkjob.KindIMPORT_GROUPS,
		"students":      bulkjob.KindIMPORT_STUDENTS,
		"enrollments":   bulkjob.KindIMPORT_ENROLLMENTS,
	}
	groupsModes = map[string]bulkjob.GroupsMode{
		"add": bulkjob.GroupsModeADD, "replace": bulkjob.GroupsModeREPLACE, "remove": bulkjob.GroupsModeREMOVE,
	}
	removals = map[string]bulkjob.Missing{
		"ignore": bulkjob.MissingIGNORE, "leave-groups": bulkjob.MissingLEAVE_GROUPS, "delete": bulkjob.MissingDELETE,
	}
	commitModes = map[string]bulkjob.CommitMode{
		"valid-rows": bulkjob.CommitModeVALID_ROWS, "all-or-nothing": bulkjob.CommitModeALL_OR_NOTHING,
	}
)

// validate reports everything that is wrong with the flags.
func (f importFlags) validate() error {
	var problems []error
	if f.kind != "" {
		problems = append(problems, oneOf("kind", f.kind, kindNames))
	}
	problems = append(problems, oneOf("groups-mode", f.groupsMode, groupsModes),
		oneOf("commit-mode", f.commitMode, commitModes), oneOf("missing", f.missing, removals))
	if f.leavers != "" {
		problems = append(problems, oneOf("leavers", f.leavers, removals))
	}
	if _, err := f.columns(); err != nil {
		problems = append(problems, err)
	}
	if f.show < 0 {
		problems = append(problems, fmt.Errorf("--show: %d is less than 0", f.show))
	}
	return errors.Join(problems...)
}

// columns returns what --map says about the headers of the files; nil if it was not given.
func (f importFlags) columns() (list []sheet.Choice, err error) {
	for _, text := range f.maps {
		at := strings.LastIndex(text, "=")
		if at < 1 {
			return nil, fmt.Errorf("--map: write %s as 'header of the file=column'", quote.Text(text))
		}
		list = append(list, sheet.Choice{Header: text[:at], Column: strings.TrimSpace(text[at+1:])})
	}
	return list, nil
}

func oneOf[T any](flag, value string, choices map[string]T) error {
	if _, ok := choices[value]; ok {
		return nil
	}
	return fmt.Errorf("--%s: %s is unknown; write %s", flag, quote.Text(value),
		strings.Join(slices.Sorted(maps.Keys(choices)), ", "))
}

// findKinds determines the kind of each file before anything is written. A file that cannot
// be read stops the command, even if the files before it are good.
func findKinds(name string, files []*importedFile, choices []sheet.Choice) error {
	var problems []error
	for _, f := range files {
		err := f.findKind(choices)
		if named, ok := kindNames[name]; ok && !errors.Is(err, errUnreadable) {
			f.kind, err = named, nil
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", f.path, err))
		}
	}
	return errors.Join(problems...)
}

var errUnreadable = errors.New("cannot be read")

// findKind determines the kind of a file from its content and its name, and from what --map
// says about its headers.
func (f *importedFile) findKind(choices []sheet.Choice) error {
	var opened []io.Closer
	defer func() {
		for _, file := range opened {
			file.Close()
		}
	}()
	inspected, err := table.Inspect(func() (io.Reader, error) {
		file, err := f.open()
		if err == nil {
			opened = append(opened, file)
		}
		return file, err
	}, csvfile.Limits{})
	var refused *csvfile.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Errorf("%w: %s %s (%s)", errUnreadable, refused.Message, refused.Hint, refused.Code)
	case err != nil:
		return unreadable(err)
	}
	f.headers = inspected.Format().Header
	kind, fits, err := catalog.DetectKindAs(f.name, inspected, choices)
	if err != nil {
		return unreadable(err)
	}
	f.kind = kind
	headers := strings.Join(f.headers, ", ")
	switch {
	case kind != "":
		return nil
	case len(fits) > 0:
		say := make([]string, len(fits))
		for i, k := range fits {
			say[i] = "--kind " + kindName(k)
		}
		return fault.Invalidf("its headers (%s) fit several kinds of files; choose one with %s", headers,
			strings.Join(say, ", or "))
	default:
		return fault.Invalidf("its headers (%s) do not show what the file holds; add --kind %s", headers,
			strings.Join(slices.Sorted(maps.Keys(kindNames)), ", or "))
	}
}

// unreadable leaves out the path, because the message starts with it already.
func unreadable(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%w: %w", errUnreadable, err)
}

// open connects to the database. A dry run that would have to create the first district
// runs on a database of its own, which is removed afterwards.
func (f *importFlags) open(ctx context.Context, url string) (*database.DB, func(), error) {
	d, err := openMigrated(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	filled := true
	if f.dryRun {
		filled, err = d.Client(ctx).Organization.Query().Where(organization.IDGT(0)).
			Exist(viewer.AsSystem(ctx, "look for a district"))
	}
	switch {
	case err != nil:
		d.Close()
		return nil, nil, err
	case filled:
		return d, func() { d.Close() }, nil
	}
	d.Close()
	f.scratch = true
	folder, err := os.MkdirTemp("", "homeroom-dry-run-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { os.RemoveAll(folder) }
	if d, err = openMigrated(ctx, "sqlite:"+filepath.Join(folder, config.DatabaseFile)); err != nil {
		remove()
		return nil, nil, err
	}
	return d, func() { d.Close(); remove() }, nil
}

// removal is what a flag says about students; files of another kind remove nobody.
func (importFlags) removal(kind bulkjob.Kind, flag string) bulkjob.Missing {
	if kind != bulkjob.KindIMPORT_STUDENTS {
		return ""
	}
	return removals[flag]
}
