package job_test

import (
	"os"
	"testing"

	"homeroom/internal/testlog"
)

func TestMain(m *testing.M) { os.Exit(testlog.Main(m, 5)) }
