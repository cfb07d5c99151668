package main_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	command "homeroom/cmd/homeroom"
)

// TestMain puts the program on the PATH of all tests as homeroom. It is the test
// binary under another name, so that it is linked only once.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"homeroom": command.Main})
}
