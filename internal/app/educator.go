package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/sso"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) educator() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "educator",
		Short: "Add, list, disable, enable, unlink, reset and erase accounts",
		Long: `Adds, lists, disables, enables, unlinks, resets and erases the accounts of educators. It is for the
operator, who needs no account. Administrators invite others through the API.`,
		Args: aCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.addEducator(), a.listEducators(),
		a.switchEducator("disable", "Disable an account, and end its sessions at once", true),
		a.switchEducator("enable", "Enable a disabled account", false), a.unlinkEducator(), a.resetFactors(),
		a.eraseEducator())
	return cmd
}

// newEducator holds the flags of "educator add".
type newEducator struct {
	name, role, organization, district, publicURL string
	passwordStdin, invite                         bool
	// providerOf is the required provider by the domain of addresses.
	providerOf map[string]string
}

func (a *app) addEducator() *cobra.Command {
	var f newEducator
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add an account, or add a role to an existing one",
		Long: `Adds an account, or adds a role to an existing one. --password-stdin reads the password from standard input;
--invite prints a link with which the person sets it. An empty database first gets a district (see --district),
so this command also makes the first administrator of a new installation.`,
		Example: `  homeroom educator add dana@example.com --name "Dana District" --role district-admin --invite
  pass show dana | homeroom educator add dana@example.com --name "Dana District" --role district-admin --password-stdin`,
		Args: anAddress,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "first and last name")
	flags.StringVar(&f.role, "role", "", "district-admin, school-admin or teacher")
	flags.StringVar(&f.organization, "organization", "",
		"the district or school at which the role is held, by id, external id or name; "+
			"default: the only district")
	flags.StringVar(&f.district, "district", "District", "the name of the district to create in an empty database")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from standard input")
	flags.BoolVar(&f.invite, "invite", false, "print a link with which the person sets the password")
	flags.StringVar(&f.publicURL, "public-url", "",
		"the address at which people reach the server, for the link [$HOMEROOM_PUBLIC_URL]")
	loader := config.NewLoader(flags, config.DatabaseSection).Also(config.SignInSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case f.passwordStdin && f.invite:
			return misuse(cmd, "choose either --password-stdin or --invite")
		case f.publicURL == "":
			f.publicURL = a.getenv("HOMEROOM_PUBLIC_URL")
		}
		if f.invite && f.publicURL == "" {
			return misuse(cmd, "--invite needs --public-url, because the link begins with it")
		}
		cfg, err := loader.Load(a.getenv)
		if err != nil {
			return err
		}
		d, err := openMigrated(cmd.Context(), cfg.Database.URL.Reveal())
		if err != nil {
			return err
		}
		defer d.Close()
		f.providerOf = sso.ProviderOf(cfg.SignIn.Providers)
		return a.runAddEducator(viewer.AsSystem(cmd.Context(), "account that the operator adds"), d, f, args[0])
	}
	return cmd
}

func (a *app) runAddEducator(ctx context.Context, d *database.DB, f newEducator, email string) error {
	people := a.identityWith(d, strings.TrimSuffix(f.publicURL, "/"), f.providerOf)
	if f.passwordStdin || f.invite {
		// This comes before anything is written, as below.
		if err := people.Guard().
			Refuse(viewer.FromContext(ctx), credential.Change{New: fold.Address(email), Password: true}); err != nil {
			return err
		}
	}
	first, last, _ := strings.Cut(strings.TrimSpace(f.name), " ")
	own := append(passwd.Own(first, last, email, ""), f.organization, f.district)
	password := ""
	if f.passwordStdin {
		// This comes before anything is written, so that a bad password leaves no account
		// behind.
		var err error
		if password, err = a.readPassword(own...); err != nil {
			return err
		}
	}
	o, err := target(ctx, d, f.organization, f.district)
	if err != nil {
		return err
	}
	if f.passwordStdin {
		if err := passwd.Check(password, append(own, o.Name)...); err != nil {
			return err
		}
	}
	e, ended, err := people.AddTelling(ctx, identity.NewEducator{
		Email: email, FirstName: first, LastName: last, OrganizationID: o.ID,
		Role: viewer.Role(strings.ToUpper(strings.ReplaceAll(f.role, "-", "_"))),
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s has an account, with a role at %s.\n", e.Email, o.Name)
	if ended {
		fmt.Fprintln(a.out, "Its password or address had been set by somebody who does not administer "+
			"everything that it can reach now. "+
			"Its password, sessions and links are no longer valid. Check that the address is the person's own.")
	}
	switch {
	case f.passwordStdin:
		return people.SetPassword(ctx, e.ID, password)
	case f.invite:
		link, err := people.Link(ctx, e.ID, onetimelink.PurposeINVITE)
		if err == nil {
			fmt.Fprintf(a.out, "This link sets the password. It works once, for 7 days, for anyone who has it:"+
				"\n\n  %s\n\n", link)
		}
		return err
	case e.PasswordHash == "":
		fmt.Fprintln(a.out, "The account has no password yet, so nobody can sign in with it; see --invite.")
	}
	return nil
}

// readPassword reads one line from standard input. The password must not consist of the
// owner's own words.
func (a *app) readPassword(own ...string) (string, error) {
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	password := strings.TrimRight(line, "\r\n")
	if err := passwd.Check(password, own...); err != nil {
		return "", err
	}
	return password, nil
}

// identity returns the identity service for commands that set no password.
func (a *app) identity(d *database.DB) *identity.Service {
	return a.identityWith(d, "", nil)
}

// identityWith returns it for commands that set passwords, which are not allowed for some
// domains.
func (a *app) identityWith(d *database.DB, linkBase string, providerOf map[string]string) *identity.Service {
	return identity.New(d, identity.Options{
		Hasher:     passwd.NewHasher(passwd.DefaultCost),
		Audit:      audit.New(d, a.now, a.quietLog()),
		LinkBase:   linkBase,
		ProviderOf: providerOf,
		Now:        a.now,
		Log:        a.quietLog(),
	})
}

func (a *app) listEducators() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the accounts with which people sign in", Args: noArguments}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "accounts that the operator lists")
		if err := a.recordCommand(system, d); err != nil {
			return err
		}
		people, err := d.Client(system).Educator.Query().Where(educator.EmailKeyNotNil(), educator.Service(0)).
			WithRoles().Order(educator.ByEmailKey()).All(system)
		if err != nil {
			return err
		}
		names, err := organizationNames(system, d, people)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ADDRESS\tNAME\tROLES\tSTATE")
		for _, e := range people {
			roles := make([]string, len(e.Edges.Roles))
			for i, r := range e.Edges.Roles {
				roles[i] = strings.ToLower(strings.ReplaceAll(string(r.Role), "_", "-")) + " of " + names[r.OrganizationID]
			}
			slices.Sort(roles)
			fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\n", e.Email, e.FirstName, e.LastName, strings.Join(roles, ", "), stateOf(e))
		}
		return w.Flush()
	}
	return cmd
}

func organizationNames(system context.Context, d *database.DB, people []*db.Educator) (map[int]string, error) {
	names := map[int]string{}
	for _, e := range people {
		for _, r := range e.Edges.Roles {
			names[r.OrganizationID] = ""
		}
	}
	ids := make([]int, 0, len(names))
	for id := range names {
		ids = append(ids, id)
	}
	// A few hundred at a time, because SQLite limits the parameters of a statement.
	for chunk := range slices.Chunk(ids, 500) {
		list, err := d.Client(system).Organization.Query().Where(organization.IDIn(chunk...)).All(system)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			names[o.ID] = o.Name
		}
	}
	return names, nil
}

func stateOf(e *db.Educator) string {
	switch {
	case e.Disabled == 1:
		return "disabled"
	case e.PasswordHash == "":
		return "no password"
	default:
		return "active"
	}
}

func (a *app) switchEducator(name, short string, disable bool) *cobra.Command {
	cmd := &cobra.Command{Use: name + " EMAIL", Short: short, Args: anAddress}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "account that the operator disables or enables")
		if err := a.identity(d).SetDisabled(system, args[0], disable); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is %sd.\n", args[0], name)
		return nil
	}
	return cmd
}

func (a *app) unlinkEducator() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unlink EMAIL",
		Short: "Unlink an account from OpenID providers",
		Long: `Removes the links between an account and OpenID providers, for example because the person has a new account
there. The account is linked again to the next person who signs in there with its verified address.`,
		Args: anAddress,
	}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		n, err := a.identity(d).Unlink(viewer.AsSystem(cmd.Context(), "account that the operator unlinks"), args[0])
		if err == nil {
			fmt.Fprintf(a.out, "%s is linked to no provider account any more; it was linked to %d.\n", args[0], n)
		}
		return err
	}
	return cmd
}

// anAddress is for commands about one account.
func anAddress(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && strings.Contains(args[0], "@") {
		return nil
	}
	return misuse(cmd, "%s needs the email address of one account", cmd.CommandPath())
}
