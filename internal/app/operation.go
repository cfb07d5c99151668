package app

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db/registeredoperation"
	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/operation"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) operations() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operations",
		Short: "Register, list and remove the GraphQL operations of clients",
		Long: `Registers, lists and removes the GraphQL operations of clients. A client names a registered operation by its
hash instead of sending it. With "serve --operations registered" the server runs nothing else.`,
		Args: aCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.registerOperations(), a.listOperations(), a.removeOperations())
	return cmd
}

func (a *app) registerOperations() *cobra.Command {
	var client string
	cmd := &cobra.Command{
		Use:   "register FILE|FOLDER...",
		Short: "Register the operations of a client, either all or none",
		Long: `Registers the operations of a client, after checking each against the schema and the limits of the server. A
.graphql file holds one operation with its fragments, byte for byte as the client sends it. A .json file is a
manifest: either that of Apollo's tools, or a map from SHA-256 hashes to documents, as the Relay compiler writes it.
From a folder, all such files are registered.`,
		Example: `  homeroom operations register --client teacher-app-3.2 persisted-query-manifest.json
  homeroom operations register --client dashboard src/operations/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return misuse(cmd, "%s needs a file or folder with operations", cmd.CommandPath())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&client, "client", "", "the program, and optionally the version, that the operations belong to")
	loader := config.NewLoader(flags, config.DatabaseSection, config.LimitSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if strings.TrimSpace(client) == "" {
			return misuse(cmd, "--client must name the program that the operations belong to")
		}
		cfg, err := loader.Load(a.getenv)
		if err != nil {
			return err
		}
		list, err := readOperations(cfg, args)
		if err != nil {
			return err
		}
		d, err := openMigrated(cmd.Context(), cfg.Database.URL.Reveal())
		if err != nil {
			return err
		}
		defer d.Close()
		added, err := operation.New(d, a.now).
			Register(viewer.AsSystem(cmd.Context(), "operations that the operator registers"), client, list)
		if err == nil {
			fmt.Fprintf(a.out, "Registered %s of %s; %d new.\n", quote.Count(len(list), "operation"), client, added)
		}
		return err
	}
	return cmd
}

// readOperations reads and checks documents. If one of them is bad, it is named, and none
// is registered.
func readOperations(cfg config.Config, paths []string) ([]operation.Operation, error) {
	sources, err := operation.Read(paths)
	if err != nil {
		return nil, err
	}
	checker := document.NewChecker(limitsOf(cfg).Documents())
	list := make([]operation.Operation, 0, len(sources))
	var bad []string
	for _, source := range sources {
		op, err := checker.Check(source.Document)
		if refusal := fault.From(err); refusal != nil {
			bad = append(bad, source.Place+": "+refusal.Message)
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, operation.Operation{
			Name: op.Name, Kind: registeredoperation.Kind(strings.ToUpper(string(op.Operation))), Document: source.Document,
		})
	}
	if len(bad) > 0 {
		return nil, fault.Invalidf("nothing was registered:\n  %s", strings.Join(bad, "\n  "))
	}
	return list, nil
}

func (a *app) listOperations() *cobra.Command {
	var client string
	cmd := &cobra.Command{Use: "list", Short: "List the registered operations", Args: noArguments}
	flags := cmd.Flags()
	flags.StringVar(&client, "client", "", "only the operations of this program")
	loader := config.NewLoader(flags, config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		list, err := operation.New(d, a.now).
			List(viewer.AsSystem(cmd.Context(), "operations that the operator lists"), client)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "CLIENT\tOPERATION\tKIND\tREGISTERED\tSHA-256")
		for _, o := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Client, o.Name, strings.ToLower(string(o.Kind)),
				o.CreatedAt.Format(time.DateOnly), o.Sha256)
		}
		return w.Flush()
	}
	return cmd
}

var operationHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (a *app) removeOperations() *cobra.Command {
	var client string
	cmd := &cobra.Command{
		Use:   "remove [SHA-256...]",
		Short: "Remove operations; servers stop running them within ten seconds",
		Long: `Removes operations by their hashes, or with --client alone all operations of a program. A server that has
just run one accepts it for ten more seconds.`,
		Example: `  homeroom operations remove --client teacher-app-3.1`,
		Args: func(cmd *cobra.Command, args []string) error {
			for _, hash := range args {
				if !operationHash.MatchString(hash) {
					return misuse(cmd, "%s is not the SHA-256 of an operation; see homeroom operations list%s",
						quote.Text(hash[:min(len(hash), 70)]), config.Again(cmd.Flags()))
				}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&client, "client", "", "only the operations of this program")
	loader := config.NewLoader(flags, config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if client == "" && len(args) == 0 {
			return misuse(cmd, "%s needs the hashes of operations, or --client", cmd.CommandPath())
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		n, err := operation.New(d, a.now).
			Remove(viewer.AsSystem(cmd.Context(), "operations that the operator removes"), client, args)
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.NotFoundf("there is no such operation; see homeroom operations list%s", loader.Again())
		}
		fmt.Fprintf(a.out, "Removed %s.\n", quote.Count(n, "operation"))
		return nil
	}
	return cmd
}
