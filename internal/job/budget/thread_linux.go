package budget

import (
	"syscall"
	"time"
)

// rusageThread asks for the times of the thread alone.
const rusageThread = 1

// ThreadTime is the CPU time that the thread has taken.
func ThreadTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
