package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) student() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "student",
		Short: "Export or erase everything that is stored about one student",
		Long: `Answers the request of a parent: exports everything that is stored about one student, or erases it.
Name the student by the id in the API (stu_…) or by the Student ID.`,
		Args: aCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.exportStudent(), a.eraseStudent())
	return cmd
}

func (a *app) exportStudent() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "export ID",
		Short:   "Write everything that is stored about a student to one JSON document",
		Example: `  homeroom student export 000777 --out record.json`,
		Args:    aStudent,
	}
	cmd.Flags().
		StringVar(&out, "out", "", "the file to write, which must not exist yet; default: standard output")
	return a.aboutStudent(cmd, func(ctx context.Context, s *services, st *db.Student) error {
		// What is not recorded is not given out.
		err := s.audit.Now(ctx,
			audit.Event{Action: audit.StudentRecordDownloaded, DistrictID: st.DistrictID, OrganizationID: st.OrganizationID,
				Target: audit.On(globalid.Student, st.ID)})
		if err != nil {
			return err
		}
		if out == "" {
			return s.privacy.Record(ctx, a.out, st.ID)
		}
		file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := s.privacy.Record(ctx, file, st.ID); err != nil {
			return err
		}
		return file.Close()
	})
}

func (a *app) eraseStudent() *cobra.Command {
	var reference, confirm string
	cmd := &cobra.Command{
		Use:   "erase ID",
		Short: "Erase all personal data of a student at once, and print the certificate",
		Long: `Erases the personal data of a student at once and for good, whether or not the student is deleted, and
prints the certificate, which is also stored in the audit trail. Nobody can bring the student back, so you
must type the Student ID again, or give it with --confirm.`,
		Example: `  homeroom student erase stu_41 --reference "letter 17 of 2026-11-18"`,
		Args:    aStudent,
	}
	cmd.Flags().StringVar(&reference, "reference", "",
		"the reason for the erasure, such as the number of a letter; it stays on record and must not name the student")
	cmd.Flags().StringVar(&confirm, "confirm", "", "the Student ID again")
	return a.aboutStudent(cmd, func(ctx context.Context, s *services, st *db.Student) error {
		typed := confirm
		if typed == "" {
			fmt.Fprint(a.err, "This cannot be undone. Type the Student ID of the student: ")
			line, err := bufio.NewReader(a.in).ReadString('\n')
			if err != nil && err != io.EOF {
				return err
			}
			typed = strings.TrimSpace(line)
		}
		told := 0
		list, err := s.privacy.Erase(ctx, []privacy.Confirmed{{ID: st.ID, ExternalID: typed}}, reference,
			func(done, total int) {
				if done > told {
					told = done
					fmt.Fprintf(a.err, "%d of %d bulk jobs searched\n", done, total)
				}
			})
		for _, c := range list {
			fmt.Fprint(a.out, c.Text())
		}
		return err
	})
}

// aboutStudent makes a command act on the student that its argument names.
func (a *app) aboutStudent(cmd *cobra.Command,
	act func(ctx context.Context, s *services, st *db.Student) error) *cobra.Command {
	var district string
	cmd.Flags().StringVar(&district, "district", "",
		"the district of the Student ID, by id, external id or name; needed if there are several")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.SecretSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := a.openServices(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer s.db.Close()
		ctx := viewer.AsSystem(cmd.Context(), "student whom the operator names")
		st, err := findStudent(ctx, s, args[0], district)
		if err != nil {
			return err
		}
		return act(ctx, s, st)
	}
	return cmd
}

// findStudent finds a student by the ID in the API or the Student ID, deleted or not.
func findStudent(ctx context.Context, s *services, name, district string) (*db.Student, error) {
	q := s.db.Client(ctx).Student.Query()
	if id, ok := globalid.Key(globalid.Student, name); ok {
		q.Where(student.ID(id))
	} else {
		o, err := target(ctx, s.db, district, "")
		if err != nil {
			return nil, err
		}
		if o.Type != organization.TypeDISTRICT {
			return nil, fault.Invalidf("%s is a school; a Student ID belongs to a district", o.Name)
		}
		q.Where(student.DistrictID(o.ID), student.ExternalID(name))
	}
	st, err := q.Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.NotFoundf("there is no such student")
	}
	return st, err
}

// aStudent is for commands about one student.
func aStudent(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] != "" {
		return nil
	}
	return misuse(cmd, "%s needs the id of one student", cmd.CommandPath())
}
