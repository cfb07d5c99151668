package identity

import (
	"context"
	"strconv"
	"strings"

	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/role"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// NewEducator is the input of AddEducator and Invite.
type NewEducator struct {
	Email               string
	FirstName, LastName string
	Role                viewer.Role
	OrganizationID      int
}

// Invite creates an account and sends its link. An account that exists already, for
// example from a file, and has no password yet is invited too and gets the role. Only
// administrators of the organization may call it; it refuses in the same way as CreateKey.
func (s *Service) Invite(ctx context.Context, in NewEducator) (*db.Educator, error) {
	if s.send == nil {
		return nil, errNoMail
	}
	if s.outbox.full() { // before anything is taken from the limits
		return nil, errOutbox
	}
	if err := s.mayMail(ctx, in); err != nil {
		return nil, err
	}
	e, _, err := s.addEducator(ctx, in, audit.EducatorInvited)
	if err != nil {
		return nil, err
	}
	i, err := s.invitationTo(ctx, in)
	if err != nil {
		return nil, err
	}
	return e, s.enqueue(delivery{email: e.Email, purpose: onetimelink.PurposeINVITE, invitation: i})
}

// mayMail limits the invitations to one mailbox: each is a mail that the server sends for
// somebody else, with a link that works for days. Each district has its own limit for a
// mailbox, so that none can keep another from inviting. Addresses can be made up, so
// invitations by one person, by one organization and by all schools of a district are
// limited as well. Schools take nothing from the administrators of the district. The
// operator's are not limited.
func (s *Service) mayMail(ctx context.Context, in NewEducator) error {
	o, err := s.administered(ctx, in.OrganizationID, notInviting)
	if err != nil {
		return err
	}
	if in, err = checkEducator(in, o); err != nil {
		return err
	}
	system := viewer.AsSystem(ctx, "how many invitations an address gets")
	district, level := strconv.Itoa(o.DistrictID), "school"
	if v := viewer.FromContext(ctx); !v.IsSystem() {
		buckets := []bucket{{mark("invitations of schools", district), districtRate},
			{mark("invitations of a school", strconv.Itoa(o.ID)), schoolRate}}
		if v.Administers(o.DistrictID, o.DistrictID) {
			level, buckets = "district", []bucket{{mark("invitations of a district", district), districtRate}}
		}
		err := s.take(system, append(buckets,
			bucket{mark("invitations of", strconv.Itoa(v.EducatorID)), inviterRate},
		), "too many people have been invited; add more of them with a file, or wait")
		if err != nil {
			return err
		}
	}
	// By inviter, so that nobody can keep others from inviting somebody.
	by, to := "the operator", mailbox(fold.Address(in.Email))
	if v := viewer.FromContext(ctx); !v.IsSystem() {
		by = strconv.Itoa(v.EducatorID)
	}
	return s.take(system, []bucket{
		{mark("invitation", district, by, to), inviteRate},
		{mark("invitations to a mailbox", district, level, to), mailboxRate},
	}, "this address has already got several invitations")
}

// mailbox returns an address without the text after a plus, because many mail servers
// deliver such addresses to the same mailbox.
func mailbox(emailKey string) string {
	name, domain, _ := strings.Cut(emailKey, "@")
	name, _, _ = strings.Cut(name, "+")
	return name + "@" + domain
}

// AddEducator creates an account without a password, or gives a role to one that has no
// password yet. It is for administrators of the organization and for the operator.
func (s *Service) AddEducator(ctx context.Context, in NewEducator) (*db.Educator, error) {
	e, _, err := s.addEducator(ctx, in, audit.EducatorAdded)
	return e, err
}

// AddTelling is AddEducator, and also reports whether credentials of an existing account
// ended, because somebody with fewer rights than the account now has had set them; see
// Widen.
func (s *Service) AddTelling(ctx context.Context, in NewEducator) (e *db.Educator, ended bool, err error) {
	return s.addEducator(ctx, in, audit.EducatorAdded)
}

func (s *Service) addEducator(ctx context.Context, in NewEducator, action audit.Action) (e *db.Educator, ended bool,
	err error) {
	o, err := s.administered(ctx, in.OrganizationID, notInviting)
	if err != nil {
		return nil, false, err
	}
	if in, err = checkEducator(in, o); err != nil {
		return nil, false, err
	}
	if v := viewer.FromContext(ctx); !v.IsSystem() {
		if err := s.probes.Ask(ctx, o.DistrictID, v.SubmitterID()); err != nil {
			return nil, false, err
		}
		defer func() {
			if f := fault.From(err); f != nil && f.Code == errTaken.Code {
				err = s.answerTaken(ctx, in.Email, o.DistrictID, err)
			}
		}()
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		var account audit.Changes
		var similar *db.Educator
		e, similar, err = withAddress(ctx, client, in.Email)
		switch {
		case err != nil:
			return err
		case e != nil:
			// Somebody else may give a role or a password at the same moment.
			if e, err = s.locked(ctx, client, educator.ID(e.ID), educator.Email(e.Email)); err != nil {
				return orElse(ignoreNotFound(err), errTaken)
			}
			if err := s.mayInvite(ctx, client, e, o); err != nil {
				return err
			}
		case similar != nil:
			return s.refuseSimilar(ctx, client, similar, in.Email, o)
		default:
			e, err = client.Educator.Create().SetCreatedAt(s.instant()).SetDistrictID(o.DistrictID).SetFirstName(in.FirstName).
				SetLastName(in.LastName).
				SetSortName(fold.SortName(in.LastName, in.FirstName)).SetEmail(in.Email).
				SetEmailKey(fold.Address(in.Email)).Save(ctx)
			if err != nil {
				return err
			}
			if err := credential.Changed(ctx, client, s.instant(), e.ID); err != nil {
				return err
			}
			// The person who invites may have given an address of their own.
			if err := hold.Note(ctx, client, s.now(), []int{viewer.FromContext(ctx).EducatorID}, e.ID); err != nil {
				return err
			}
			account.New("email", e.Email)
			account.New("firstName", e.FirstName)
			account.New("lastName", e.LastName)
		}
		var gave bool
		if gave, ended, err = role.Give(ctx, client, s.instant(), e, in.Role, o); err != nil {
			return err
		}
		if ended {
			if e, err = client.Educator.Get(viewer.AsSystem(ctx, "account whose credentials ended"), e.ID); err != nil {
				return err
			}
		}
		if gave {
			account.New("role", string(in.Role)+" at "+audit.IDs(globalid.Organization, o.ID))
		}
		audit.Record(ctx,
			audit.Event{
				Action:         action,
				DistrictID:     o.DistrictID,
				OrganizationID: o.ID,
				Target:         audit.On(globalid.Educator, e.ID),
				Changes:        account,
			})
		return nil
	})
	if sqlgraph.IsUniqueConstraintError(err) && database.Violates(err, educator.FieldEmailKey) {
		return nil, false, errTaken
	}
	return e, ended, err
}

const notInviting = "only administrators can invite educators"

var errTaken = fault.Conflictf("an account with this address already exists").WithCode("EMAIL_TAKEN").At("email")

// mayInvite checks that an existing account may be invited again: it belongs to the
// district, nobody uses it yet, and the viewer may change it.
func (s *Service) mayInvite(ctx context.Context, client *db.Client, e *db.Educator, o *db.Organization) error {
	if e.DistrictID != o.DistrictID || e.Service == 1 {
		return errTaken
	}
	if viewer.FromContext(ctx).IsSystem() {
		return nil // the operator gives roles to anybody
	}
	if e.Disabled == 1 || e.PasswordHash != "" {
		return errTaken
	}
	// A school may not send a link to somebody with a role that the school cannot give, and
	// nobody gives a role to their own account.
	roles, err := credential.RolesOf(ctx, client, []int{e.ID})
	if err != nil {
		return err
	}
	if v := viewer.FromContext(ctx); v.IsAmong(e.ID) || !credential.Covers(v, roles[e.ID]) {
		return errTaken
	}
	return nil
}

// refuseSimilar refuses an address that has the key of an account but is another address.
// A viewer who may invite the account, or sees it in their own district, learns what
// differs.
func (s *Service) refuseSimilar(ctx context.Context, client *db.Client, e *db.Educator, written string,
	o *db.Organization) error {
	if e.DistrictID != o.DistrictID {
		return errTaken
	}
	seen, err := client.Educator.Query().Where(educator.ID(e.ID)).Exist(ctx)
	if err != nil || !seen {
		return orElse(err, errTaken)
	}
	return fault.Conflictf("an account signs in with an address that counts as this one: %s; give the address as the "+
		"account has it, or another one", Unlike(e.Email, written)).WithCode(errTaken.Code).At("email")
}

// answerTaken counts that the viewer learns that an address is taken by somebody whom the
// viewer does not see, and returns the answer. Files count in the same way.
func (s *Service) answerTaken(ctx context.Context, email string, districtID int, answer error) error {
	client := s.db.Client(ctx)
	e, similar, err := withAddress(ctx, client, email)
	if e == nil {
		e = similar
	}
	if err != nil || e == nil {
		return orElse(err, answer)
	}
	seen, err := client.Educator.Query().Where(educator.ID(e.ID)).Exist(ctx)
	if err == nil && !seen {
		err = s.probes.Answer(ctx, districtID)
	}
	return orElse(err, answer)
}

func checkEducator(in NewEducator, o *db.Organization) (NewEducator, error) {
	in.Email, in.FirstName, in.LastName = roster.Clean(in.Email), roster.Clean(in.FirstName), roster.Clean(in.LastName)
	if !IsAddress(in.Email) || len(in.Email) > maxEmail {
		return in, fault.Invalidf("this is not an address, such as nora@example.com").WithCode("BAD_EMAIL").At("email")
	}
	if err := roster.CheckName(in.FirstName, "first name", roster.MaxName); err != nil {
		return in, err.At("firstName")
	}
	if err := roster.CheckName(in.LastName, "last name", roster.MaxName); err != nil {
		return in, err.At("lastName")
	}
	if err := role.Check(in.Role, o); err != nil {
		return in, err
	}
	return in, nil
}

// SetPassword sets the password of an account for the operator, and ends its sessions and
// links.
func (s *Service) SetPassword(ctx context.Context, educatorID int, password string) error {
	e, err := s.db.Client(ctx).Educator.Get(ctx, educatorID)
	if err != nil {
		return err
	}
	if err := s.checkPasswordOf(ctx, e, password); err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		e, err := client.Educator.Get(ctx, educatorID)
		if err != nil {
			return err
		}
		return s.setPassword(ctx, client, e, hash, false)
	})
}

// SetDisabled disables or enables an account for the operator. A disabled account loses
// its sessions and links at once.
func (s *Service) SetDisabled(ctx context.Context, email string, disabled bool) error {
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		e, err := named(ctx, client, email)
		if err != nil {
			return err
		}
		return s.setDisabled(ctx, client, e, disabled, nil)
	})
}
