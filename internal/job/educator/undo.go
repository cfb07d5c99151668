package educator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Undo puts the fields and passwords of educators back, takes away the
// roles that the job gave, and removes the accounts that it created, as long as
// nobody has used them.
func (k *importKind) Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	system := viewer.AsSystem(ctx, "put educators back as they were; the purview is checked beside it")
	ids := row.Targets(b.Rows, row.Every)
	educators, err := k.LockEducators(system, client, ids)
	if err != nil {
		return err
	}
	editable, err := bulk.IDSet(client.Educator.Query().Where(educator.IDIn(ids...), rule.EducatorsEdited(b.Viewer)).
		IDs(viewer.NewContext(ctx, b.Viewer)))
	if err != nil {
		return err
	}
	seen, err := bulk.IDSet(client.Educator.Query().Where(educator.IDIn(ids...)).IDs(viewer.NewContext(ctx, b.Viewer)))
	if err != nil {
		return err
	}
	roles, err := credential.RolesOf(ctx, client, ids)
	if err != nil {
		return err
	}
	again, err := givenAgain(system, client, b)
	if err != nil {
		return err
	}
	former, err := credential.FormerSettersOf(ctx, client, ids)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		e := educators[r.TargetID]
		if e == nil || !seen[e.ID] {
			r.Gone("The account")
			continue
		}
		// A separate check makes sure that everything that a job has created may be
		// removed.
		creates := r.Plan.Do == row.Create
		why := k.guard.Refuse(b.Viewer, credentialsOfUndo(r, e, roles[e.ID]))
		switch {
		case why != nil && !creates && (len(r.Before.Set) > 0 || why.Code == credential.OwnAccount):
			r.Keep(why.Code, "Ask another administrator of the district.", "%s", row.Sentence(why.Message))
		case (creates || len(r.Before.Set) > 0) && !editable[e.ID],
			r.Before.GaveRole && !b.Viewer.Administers(r.Plan.SchoolID, b.Job.DistrictID):
			r.Keep(row.Forbidden, row.HintAsk, "The person who asked for the undo may not change the account.")
		case !creates && comesBack(r) && !former.AllCover(e.ID, rolesAfter(r, b.Job.DistrictID, roles[e.ID])):
			r.Keep(row.SetByOthers, "Set a new address or password with a file instead.",
				"What would come back may have been set by somebody who does not administer everything that the account now has.")
		case again[r.ID]:
			r.Keep(row.ChangedSince, row.HintChanged, "Somebody has given the role again since then; it stays.")
		case !r.StillAs(compared.Now(e)):
			r.ChangedSince("the educator")
		case creates && row.HashPrint(e.PasswordHash) != r.Before.Password:
			r.ChangedSince("the password of the account")
		}
	}
	if err := k.keepUsedAccounts(system, client, b); err != nil {
		return err
	}
	var updates []bulk.Change
	var unused, credentials, addresses, passwords, named []int
	var ownPassword []*row.Applied
	for _, r := range b.Open() {
		if r.Plan.Do == row.Create {
			unused = append(unused, r.TargetID)
			continue
		}
		set := map[string]any{}
		for column, value := range r.Before.Set {
			if column == educator.FieldPasswordHash {
				if row.HashPrint(educators[r.TargetID].PasswordHash) != r.Before.Password {
					ownPassword = append(ownPassword, r)
					continue
				}
			}
			set[column] = value
		}
		if setsCredentials(set) {
			credentials = append(credentials, r.TargetID)
		}
		if _, changes := set[educator.FieldEmailKey]; changes {
			addresses = append(addresses, r.TargetID)
		}
		if set[educator.FieldExternalID] != nil {
			named = append(named, r.TargetID)
		}
		if set[educator.FieldPasswordHash] != nil {
			passwords = append(passwords, r.TargetID)
		}
		if len(set) > 0 {
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: set})
		}
	}
	if roles := givenRoles(b.Open()); len(roles) > 0 {
		if _, err := client.RoleAssignment.Delete().Where(roleassignment.Or(roles...)).Exec(system); err != nil {
			return fmt.Errorf("take roles away: %w", err)
		}
	}
	if err := bulk.Update(ctx, client, educator.Table, "", updates); err != nil {
		return err
	}
	if err := credential.Changed(system, client, k.Instant(), credentials...); err != nil {
		return err
	}
	if err := credential.AddressChanged(system, client, addresses...); err != nil {
		return err
	}
	// The person who restores an address or a password may have known it.
	by := []int{b.Viewer.EducatorID}
	ended, err := credential.Readdress(system, client, k.Instant(), by, addresses, nil, nil, passwords...)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		if ended[r.TargetID] != 0 && !slices.Contains(passwords, r.TargetID) {
			r.KeepPart(row.SetByOthers, "The person sets a new one with the link that the sign-in page sends.",
				"Somebody else had set the address that was undone, and could have set the password of the account since. "+
					"The password ends; everything else was put back.")
		}
	}
	for _, r := range ownPassword {
		r.KeepPart(row.ChangedSince, "If it should change, have the person set a new one.",
			"The password was changed later, so it stays; everything else was put back.")
	}
	if err := hold.NoteBack(ctx, client, k.Now(), hold.ByPassword, by, passwords...); err != nil {
		return err
	}
	if err := hold.NoteBack(ctx, client, k.Now(), hold.ByAddress, by, addresses...); err != nil {
		return err
	}
	if err := hold.NoteBack(ctx, client, k.Now(), hold.ByID, by, named...); err != nil {
		return err
	}
	return removeAccounts(system, client, unused)
}

// comesBack reports whether an undo puts back something by which an account is opened, or
// found.
func comesBack(r *row.Applied) bool {
	for _, column := range []string{educator.FieldPasswordHash, educator.FieldEmailKey, educator.FieldExternalID} {
		if text, _ := r.Before.Set[column].(string); text != "" {
			return true
		}
	}
	return false
}

// rolesAfter are the roles that an account has after the undo of a row.
func rolesAfter(r *row.Applied, districtID int, now []viewer.Assignment) []viewer.Assignment {
	if !r.Before.GaveRole {
		return now
	}
	gave := given(r.Plan, districtID)
	return slices.DeleteFunc(slices.Clone(now), func(a viewer.Assignment) bool { return a == gave })
}

// credentialsOfUndo are what an undo does to the credentials of an account.
func credentialsOfUndo(r *row.Applied, e *db.Educator, roles []viewer.Assignment) credential.Change {
	password, _ := r.Before.Set[educator.FieldPasswordHash].(string)
	c := credential.Change{
		EducatorID: e.ID,
		Roles:      roles,
		Old:        row.Deref(e.EmailKey),
		New:        row.Deref(e.EmailKey),
		Password:   password != "",
	}
	if value, changes := r.Before.Set[educator.FieldEmailKey]; changes {
		c.New, _ = value.(string)
	}
	return c
}

// givenRoles are the roles that rows gave.
func givenRoles(rows []*row.Applied) (roles []predicate.RoleAssignment) {
	for _, r := range rows {
		if r.Before.GaveRole {
			roles = append(roles,
				roleassignment.And(roleassignment.EducatorID(r.TargetID), roleassignment.OrganizationID(r.Plan.SchoolID),
					roleassignment.RoleEQ(roleassignment.Role(r.Plan.Role))))
		}
	}
	return roles
}

// givenAgain are the rows whose role is not the one that the job gave: that one was taken
// away, and somebody has given it again since.
func givenAgain(system context.Context, client *db.Client, b *row.UndoBatch) (map[int]bool, error) {
	ids := row.Targets(b.Rows, func(r *row.Applied) bool { return r.Before.GaveRoleAt != nil })
	there, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).All(system)
	if err != nil {
		return nil, err
	}
	type role struct {
		educatorID int
		viewer.Assignment
	}
	since := map[role]time.Time{}
	for _, a := range there {
		since[role{a.EducatorID, viewer.Assignment{Role: viewer.Role(a.Role), OrganizationID: a.OrganizationID,
			DistrictID: a.DistrictID}}] = a.CreatedAt
	}
	again := map[int]bool{}
	for _, r := range b.Rows {
		if r.Before.GaveRoleAt != nil {
			at, held := since[role{r.TargetID, given(r.Plan, b.Job.DistrictID)}]
			again[r.ID] = held && !at.Equal(*r.Before.GaveRoleAt)
		}
	}
	return again, nil
}

// keepUsedAccounts keeps new accounts that somebody has used, or that somebody has given
// something that the job did not give them.
func (k *importKind) keepUsedAccounts(system context.Context, client *db.Client, b *row.UndoBatch) error {
	ids := row.Targets(b.Open(), func(r *row.Applied) bool { return r.Plan.Do == row.Create })
	used, err := row.Uses(system, client, ids, []row.Use{
		{
			Table:  "audit_events",
			Column: "actor_id",
			Also:   "actor_kind = '" + string(audit.Educator) + "'",
			Why:    "somebody has signed in with it",
		},
		{Table: "sessions", Column: "educator_id", Also: "", Why: "somebody has signed in with it"},
		{Table: "external_identities", Column: "educator_id", Also: "", Why: "somebody has signed in with it"},
		{
			Table:  "one_time_links",
			Column: "educator_id",
			Also:   "used_at IS NOT NULL",
			Why:    "its password was set with a link",
		},
		{Table: "bulk_jobs", Column: "submitted_by", Also: "", Why: "it has submitted bulk jobs"},
		{Table: "service_keys", Column: "created_by", Also: "", Why: "it has made service keys"},
		{Table: "service_keys", Column: "agent_id", Also: "", Why: "a service key acts for it"},
		{Table: "group_educators", Column: "educator_id", Also: "", Why: "it teaches a class or group"},
	})
	if err != nil {
		return err
	}
	roles := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...))
	if given := givenRoles(b.Open()); len(given) > 0 {
		roles.Where(roleassignment.Not(roleassignment.Or(given...)))
	}
	others, err := roles.All(system)
	if err != nil {
		return err
	}
	for _, r := range others {
		used[r.EducatorID] = "it has another role"
	}
	for _, r := range b.Open() {
		if why := used[r.TargetID]; why != "" && r.Plan.Do == row.Create {
			r.Keep(row.ChangedSince, "Remove the role, or have the account disabled.",
				"The new account is in use (%s), so it stays.", why)
		}
	}
	return nil
}

// removeAccounts deletes accounts that nobody has used, with their unused links. If
// somebody uses one meanwhile, that is a reference, and the database refuses the
// deletion.
func removeAccounts(system context.Context, client *db.Client, ids []int) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := client.OneTimeLink.Delete().Where(onetimelink.EducatorIDIn(ids...)).Exec(system); err != nil {
		return err
	}
	_, err := client.Educator.Delete().Where(educator.IDIn(ids...)).Exec(system)
	return err
}
