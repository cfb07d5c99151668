package database

import (
	"errors"
	"io/fs"
	"os"
)

// privateFile and privateFolder are the modes of files and folders with personal data.
const (
	privateFile   fs.FileMode = 0o600
	privateFolder fs.FileMode = 0o700
)

// createPrivate creates a missing SQLite file so that only its owner can read it. SQLite
// would create it with the umask of the process. The files that SQLite adds, -wal and
// -shm, get the mode of the file. An existing file is left as it is.
func createPrivate(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return nil // SQLite says what is wrong with it.
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateFile)
	if errors.Is(err, fs.ErrExist) {
		return nil // Another process was faster.
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// FilesOf returns the files of an embedded database, whether or not they exist.
func FilesOf(file string) []string {
	return []string{file, file + "-wal", file + "-shm", file + "-progress"}
}
