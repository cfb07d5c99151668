//go:build unix

package httpd

import "syscall"

// openFiles is how many files the process may have open; 0 if it is unknown or unlimited.
func openFiles() int64 {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return 0
	}
	return int64(files.Cur)
}
