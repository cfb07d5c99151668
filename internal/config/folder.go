package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// DatabaseFile is the name of the database in a data folder.
const DatabaseFile = "homeroom.db"

const (
	urlFlag  = "database-url"
	dataFlag = "data"
	keyFlag  = "secret-key"
	// oldKeysFlag is for keys that are only used to read.
	oldKeysFlag = "old-secret-keys"
)

// FolderURL returns the URL of the database in a data folder.
func FolderURL(folder string) Hidden {
	return Hidden("sqlite:" + filepath.Join(folder, DatabaseFile))
}

// databaseOf returns the database of a data folder, for a command that was given the
// folder but no database. It refuses a folder without a database, unless the command may
// create one. So a server that has lost the address of its database does not go on with an
// empty one, and a check of a misspelled folder does not report success.
func (l *Loader) databaseOf(folder string) (Hidden, error) {
	if l.begins {
		return FolderURL(folder), nil
	}
	_, err := os.Stat(filepath.Join(folder, DatabaseFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", problem(urlFlag, "is required, because there is no %s in the data folder %s; "+
			"name another folder with --data, or write sqlite:path/to/homeroom.db for a file, or "+
			"mysql://user:password@host:3306/homeroom", DatabaseFile, folder)
	case err != nil:
		return "", problem(dataFlag, "%v", err)
	}
	return FolderURL(folder), nil
}

// Again returns the flags with which a command was told where the data are, each preceded
// by a blank, for a hint that names another command. Values that may hold a secret are
// left to be filled in.
func Again(flags *pflag.FlagSet) string {
	var b strings.Builder
	for _, name := range []string{urlFlag, dataFlag, keyFlag, oldKeysFlag} {
		f := flags.Lookup(name)
		if f == nil || !f.Changed {
			continue
		}
		value := Word(f.Value.String())
		switch {
		case name == keyFlag:
			value = "KEY"
		case name == oldKeysFlag:
			value = "KEYS"
		case name == urlFlag && !strings.HasPrefix(f.Value.String(), "sqlite:"):
			value = "URL"
		}
		b.WriteString(" --" + name + " " + value)
	}
	return b.String()
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// Word returns a value quoted as one word of a shell command.
func Word(value string) string {
	if plainWord.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
