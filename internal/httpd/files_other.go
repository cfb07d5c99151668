//go:build !unix

package httpd

// openFiles is how many files the process may have open; 0 if it is unknown or unlimited.
func openFiles() int64 { return 0 }
