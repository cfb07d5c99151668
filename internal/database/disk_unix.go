//go:build unix

package database

import "syscall"

// freeBytes returns how much space the disk of a folder has for this process. It is
// negative if that is unknown.
func freeBytes(folder string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return -1
	}
	blocks := uint64(fs.Bavail) //nolint:unconvert // it has other types elsewhere
	if syscall.Geteuid() == 0 {
		blocks = uint64(fs.Bfree) //nolint:unconvert // as above
	}
	return int64(blocks) * int64(fs.Bsize) //nolint:unconvert // as above
}
