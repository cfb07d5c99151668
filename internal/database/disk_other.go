//go:build !unix

package database

func freeBytes(string) int64 { return -1 }
