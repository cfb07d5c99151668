package main_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	command "github.com/openhomeroom/homeroom/cmd/homeroom"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// logged runs the tests and then looks at what the servers have logged.
type logged struct{ m *testing.M }

func (l logged) Run() int { return testlog.Main(l.m, 3) }

// TestMain puts the program on the PATH of all tests as homeroom. It is the test
// binary under another name, so that it is linked only once.
func TestMain(m *testing.M) {
	testscript.Main(logged{m}, map[string]func(){"homeroom": command.Main})
}
