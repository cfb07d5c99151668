package database

import (
	"errors"
	"io/fs"
	"os"
)

// privateFile and privateFolder are the modes of what holds personal data.
const (
	privateFile   fs.FileMode = 0o600
	privateFolder fs.FileMode = 0o700
)

// createPrivate makes an SQLite file that its owner alone can read, where there is
// none. SQLite would make it as the umask of the process allows; the files that it
// puts beside it, -wal and -shm, get the mode of the file. One that is there is left
// as it is.
func createPrivate(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return nil // SQLite says what is wrong with it.
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateFile)
	if errors.Is(err, fs.ErrExist) {
		return nil // Another process has been faster.
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// FilesOf returns the files of an embedded database, whether or not they are there.
func FilesOf(file string) []string {
	return []string{file, file + "-wal", file + "-shm", file + "-progress"}
}
