package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/sample"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// demoPassword is the password of the accounts in the sample district.
const demoPassword = "homeroom"

func (a *app) demo() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run everything on a sample district, in an embedded database",
		Long: `Creates a sample district of 3,000 students in an embedded SQLite database and serves it. What you change
stays in the data folder until you start over with --fresh.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runDemo(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.data, "data", "homeroom-demo", "the data folder")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "the address to listen on")
	flags.BoolVar(&o.insecure, "insecure-http", false,
		"let other machines reach the demo over HTTP, at an address such as :8080")
	flags.StringVar(&o.origins, "allowed-origins", "",
		"the origins of web pages that may use the API, such as http://localhost:3000, separated by commas")
	flags.BoolVar(&o.fresh, "fresh", false, "remove the sample district of the data folder and start over")
	return cmd
}

// demoOptions are the flags of the demo.
type demoOptions struct {
	data, addr, origins string
	fresh, insecure     bool
}

func (a *app) runDemo(ctx context.Context, o demoOptions) error {
	path := filepath.Join(o.data, config.DatabaseFile)
	cfg := config.Default()
	cfg.Server.Addr, cfg.Server.InsecureHTTP = o.addr, o.insecure
	cfg.Secret.DataDir = o.data
	cfg.Mail.Print = true
	cfg.Database.URL = config.FolderURL(o.data)
	var err error
	if cfg.Server.AllowedOrigins, err = config.ParseOrigins(o.origins); err != nil {
		return fmt.Errorf("--allowed-origins: %w", err)
	}
	if err := errors.Join(cfg.Server.Validate(), cfg.Secret.Validate(), cfg.Database.Validate()); err != nil {
		return err
	}
	if o.fresh {
		if err := removeDatabase(path); err != nil {
			return err
		}
	}
	return a.run(ctx, cfg, a.quietLog(), func(ctx context.Context, d *database.DB, address string) error {
		if err := a.fillDemo(ctx, d); err != nil {
			return err
		}
		a.greet(o.data, address)
		return nil
	})
}

// removeDatabase removes the files of an embedded database, and nothing else in the
// folder.
func removeDatabase(path string) error {
	for _, file := range database.FilesOf(path) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("start over: %w", err)
		}
	}
	return nil
}

// fillDemo creates the sample district if the database is empty.
func (a *app) fillDemo(ctx context.Context, d *database.DB) error {
	filled, err := d.Client(ctx).Organization.Query().Where(organization.IDGT(0)).
		Exist(viewer.AsSystem(ctx, "look for the sample district"))
	if err != nil || filled {
		return err
	}
	hash, err := passwd.NewHasher(passwd.DefaultCost).Hash(ctx, demoPassword)
	if err != nil {
		return err
	}
	bar := a.bar("sample students")
	defer bar.finish()
	_, err = sample.Fill(ctx, d, sample.Options{Seed: 1, Now: a.now(), PasswordHash: hash, Progress: bar.to})
	return err
}

// printMail takes the place of a mail server in the demo.
func (a *app) printMail(_ context.Context, m identity.Mail) error {
	_, err := fmt.Fprintf(a.out, "\nA mail to %s: %s\n\n%s\n", m.To, m.Subject, m.Text)
	return err
}

func (a *app) greet(data, address string) {
	fmt.Fprintf(a.out, `Homeroom %s runs on a sample district in %s

  %s            the dashboard
  %s/graphiql   GraphiQL, with examples of the main job
  %s/graphql    the API

Sign in with the password %q as
  district@example.com   administrator of the district
  school@example.com     administrator of one school
  teacher@example.com    teacher of that school

Fill in a downloaded CSV and import it:  homeroom import --data %s FILE.csv
Stop with Ctrl-C. Start over with --fresh.
`, Version(), data, address, address, address, demoPassword, config.Word(data))
}
