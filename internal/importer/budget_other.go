//go:build !linux

package importer

import "time"

// threadTime is the time that passes: other systems do not tell that of a thread.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
