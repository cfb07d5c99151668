// Command homeroom is the server of an educator dashboard, and the tool of the person who
// runs it.
package main

import (
	"os"
	_ "time/tzdata" // containers often have no time zones

	"github.com/openhomeroom/homeroom/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)) }
