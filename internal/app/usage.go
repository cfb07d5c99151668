package app

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// misuse is a command line that cannot be understood, with a hint where to read on. It
// must not repeat an unexpected argument: that may be a database URL with a password.
func misuse(cmd *cobra.Command, format string, args ...any) error {
	return fmt.Errorf(format+"; see %q", append(args, cmd.CommandPath()+" --help")...)
}

// whatToCheck says what to look at first if the operating system has refused something. It
// is empty for other errors, whose messages say what to do.
func whatToCheck(err error) string {
	switch {
	case errors.Is(err, syscall.EISDIR):
		return "This is a folder, not a file; name the file, or the files in the folder."
	case errors.Is(err, syscall.ENOTDIR):
		return "Check the path: a part of it is a file, not a folder."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the path, and the folder in which you run the command."
	case errors.Is(err, fs.ErrPermission):
		return "Check which user runs the command, and what that user may read and write."
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full; free some space, and run the command again."
	default:
		return ""
	}
}

// noArguments is for commands that have flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return misuse(cmd, "%s takes only flags", cmd.CommandPath())
}

// someFiles is for commands that read files.
func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return misuse(cmd, "%s needs one or more files", cmd.CommandPath())
}

// aCommand is for the program itself.
func aCommand(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case strings.ContainsFunc(args[0], func(r rune) bool { return !unicode.IsLetter(r) && r != '-' }):
		return misuse(cmd, "the name of a command is missing")
	}
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		return misuse(cmd, "unknown command %s, did you mean %s?", quote.Text(args[0]), strings.Join(similar, " or "))
	}
	return misuse(cmd, "unknown command %s", quote.Text(args[0]))
}

// flagMisuse says what is wrong with a flag.
func flagMisuse(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var empty *pflag.ValueRequiredError
	var malformed *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return misuse(cmd, "unknown flag -%s, and flags with more than one letter begin with two dashes",
			unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return misuse(cmd, "unknown flag --%s", unknown.GetSpecifiedName())
	case errors.As(err, &invalid):
		return misuse(cmd, "--%s takes %s, not %s", invalid.GetFlag().Name, forms[invalid.GetFlag().Value.Type()],
			quote.Text(invalid.GetValue()))
	case errors.As(err, &empty):
		return misuse(cmd, "--%s needs a value", empty.GetFlag().Name)
	case errors.As(err, &malformed):
		return misuse(cmd, "a flag has no name")
	default:
		return err
	}
}

// forms are the types of flags that can have a wrong value.
var forms = map[string]string{
	"int":    "a whole number",
	"uint64": "a whole number, 0 or more",
	"uint":   "a whole number, 0 or more",
	"bool":   "true or false",
}
