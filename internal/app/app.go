// Package app holds the commands, and wires the other packages together for them.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// app is a command's access to the outside: its arguments, streams and environment.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time
}

// Main runs a command line and returns the exit code: 0 for success; 1 for an error, and
// for a job that wrote nothing; 2 for a job that refused rows or could not put all of them
// back; 3 for a job that waits for an approval.
func Main(args []string, in io.Reader, out, err io.Writer, getenv func(string) string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{in: in, out: out, err: err, getenv: getenv, now: time.Now}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	failure := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case failure == nil:
		return 0
	case errors.As(failure, &code):
		return int(code)
	case errors.Is(failure, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(err, "homeroom: stopped")
		return 130
	default:
		fmt.Fprintf(err, "homeroom: %v\n", failure)
		if advice := whatToCheck(failure); advice != "" {
			fmt.Fprintln(err, advice)
		}
		return 1
	}
}

// exitCode is an outcome that was reported already.
type exitCode int

// The outcomes of a job.
const (
	exitFailed  exitCode = 1
	exitRefused exitCode = 2
	exitHeld    exitCode = 3
)

// codeOf returns the outcome of a job that was not a full success, or nil.
func codeOf(job *db.BulkJob) error {
	switch job.Status {
	case bulkjob.StatusFAILED, bulkjob.StatusCANCELED:
		return exitFailed
	case bulkjob.StatusCOMPLETED_WITH_ERRORS, bulkjob.StatusPARTIALLY_UNDONE:
		return exitRefused
	case bulkjob.StatusHELD:
		return exitHeld
	default:
		return nil
	}
}

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "homeroom",
		Short: "The backend of an educator dashboard",
		Long: `Homeroom keeps districts, schools, groups, students and usage. It tells administrators which active
students are in no group, and helps to put them into groups.

Start with "homeroom demo": it runs everything on a sample district.`,
		Args:          aCommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			// The audit trail names the operator for what a command does. These two commands
			// answer the requests of other people.
			if name := cmd.Name(); name != "serve" && name != "demo" {
				cmd.SetContext(viewer.WithOperator(cmd.Context(), a.login(), cmd.CommandPath()))
			}
		},
	}
	root.SetFlagErrorFunc(flagMisuse)
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(a.demo(), a.serve(), a.migrate(), a.importFile(), a.template(), a.job(), a.seed(),
		a.settings(), a.purge(), a.student(), a.educator(), a.key(), a.audit(), a.operations(), a.doctor(), a.version())
	return root
}

// login is the name under which the person who runs a command is logged in to the machine.
func (a *app) login() string {
	for _, variable := range []string{"SUDO_USER", "LOGNAME", "USER", "USERNAME"} {
		if name := a.getenv(variable); name != "" {
			return name
		}
	}
	return ""
}

// recordCommand records a command that gives out personal data, before it does so.
func (a *app) recordCommand(ctx context.Context, d *database.DB) error {
	return audit.New(d, a.now, a.quietLog()).Now(ctx, audit.Event{Action: audit.OperatorCommand})
}

// quietLog is the log of commands that talk to a person: problems only.
func (a *app) quietLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
