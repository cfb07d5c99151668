package identity_test

import (
	"os"
	"testing"

	"github.com/openhomeroom/homeroom/internal/testlog"
)

func TestMain(m *testing.M) { os.Exit(testlog.Main(m, 10)) }
