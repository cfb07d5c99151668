package app

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

func (a *app) template() *cobra.Command {
	var wanted []string
	var output string
	var list bool
	kinds := slices.Sorted(maps.Keys(kindNames))
	cmd := &cobra.Command{
		Use:   "template KIND",
		Short: "Write an empty CSV file to fill in and import",
		Long: `Writes a CSV file that holds only the column names, for you to fill in and import. KIND is
` + strings.Join(kinds, ", ") + `.

Without --columns the file has all columns; with it only those you name, and those that every file needs.`,
		Example: `  homeroom template students --columns "Student ID,First Name,Last Name,Username,Grade,School" -o students.csv
  homeroom template groups --list`,
		ValidArgs: kinds,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || kindNames[args[0]] == "" {
				return misuse(cmd, "name one kind of file: %s", strings.Join(kinds, ", "))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&wanted, "columns", nil, "the columns, separated by commas")
	flags.StringVarP(&output, "output", "o", "", "the file to write; default: standard output")
	flags.BoolVar(&list, "list", false, "list the columns and what to write into them; write no file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !flags.Changed("columns") {
			wanted = nil
		}
		t, err := catalog.NewTemplate(kindNames[args[0]], wanted)
		if err != nil {
			return err
		}
		switch {
		case list:
			return a.listColumns(t)
		case output != "":
			// The file will hold personal data, and passwords.
			return os.WriteFile(output, []byte(t.CSV()), 0o600)
		default:
			_, err := fmt.Fprint(a.out, t.CSV())
			return err
		}
	}
	return cmd
}

func (a *app) listColumns(t *sheet.Template) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, c := range t.Columns {
		need := ""
		switch {
		case c.Required && len(c.Or) > 0:
			need = "needed, or " + strings.Join(c.Or, " or ")
		case c.Required:
			need = "needed"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Name, need, c.Help)
	}
	return w.Flush()
}
