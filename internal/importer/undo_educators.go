package importer

import (
	"context"
	"fmt"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/onetimelink"
	"homeroom/ent/db/predicate"
	"homeroom/ent/db/roleassignment"
	"homeroom/ent/rule"
	"homeroom/internal/audit"
	"homeroom/internal/hold"
	"homeroom/internal/identity"
	"homeroom/internal/viewer"
)

// undoEducators puts the fields and passwords of educators back, takes away the
// roles that the job gave, and removes the accounts that it created, as long as
// nobody has used them.
func (k *educatorKind) undoEducators(ctx context.Context, client *db.Client, b *undoBatch) error {
	system := viewer.AsSystem(ctx, "put educators back as they were; the purview is checked beside it")
	ids := targets(b.rows, every)
	q := client.Educator.Query().Where(educator.IDIn(ids...)).Order(db.Asc(educator.FieldID))
	if k.locks() {
		q.ForUpdate()
	}
	locked, err := q.All(system)
	if err != nil {
		return err
	}
	educators := map[int]*db.Educator{}
	for _, e := range locked {
		educators[e.ID] = e
	}
	editable, err := idSet(client.Educator.Query().Where(educator.IDIn(ids...), rule.EducatorsEdited(b.v)).IDs(viewer.NewContext(ctx, b.v)))
	if err != nil {
		return err
	}
	seen, err := idSet(client.Educator.Query().Where(educator.IDIn(ids...)).IDs(viewer.NewContext(ctx, b.v)))
	if err != nil {
		return err
	}
	roles, err := identity.RolesOf(ctx, client, ids)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		e := educators[r.TargetID]
		if e == nil || !seen[e.ID] {
			r.gone("The account")
			continue
		}
		// That everything may be removed which a job has created is seen beside it.
		creates := r.plan.Do == doCreate
		why := k.guard.Refuse(b.v, credentialsOfUndo(r, e, roles[e.ID]))
		switch {
		case why != nil && !creates && (len(r.before.Set) > 0 || why.Code == identity.OwnAccount):
			r.keep(why.Code, "Ask another administrator of the district.", "%s", sentence(why.Message))
		case (creates || len(r.before.Set) > 0) && !editable[e.ID], r.before.GaveRole && !b.v.Administers(r.plan.SchoolID, b.job.DistrictID):
			r.keep(Forbidden, hintAsk, "The person who asked for the undo may not change the account.")
		case !r.stillAs(map[string]any{educator.FieldExternalID: optional(e.ExternalID), educator.FieldFirstName: e.FirstName,
			educator.FieldLastName: e.LastName, educator.FieldSortName: e.SortName, educator.FieldEmail: e.Email, educator.FieldUsername: e.Username}):
			r.changedSince("the educator")
		case creates && hashPrint(e.PasswordHash) != r.before.Password:
			r.changedSince("the password of the account")
		}
	}
	if err := k.keepUsedAccounts(system, client, b); err != nil {
		return err
	}
	var updates []changed
	var unused, credentials, addresses, mine []int
	for _, r := range b.open() {
		if r.plan.Do == doCreate {
			unused = append(unused, r.TargetID)
			continue
		}
		set := map[string]any{}
		for column, value := range r.before.Set {
			if column == educator.FieldPasswordHash {
				if hashPrint(educators[r.TargetID].PasswordHash) != r.before.Password {
					r.keepPart(ChangedSince, "Have the person set a new one, where it should be otherwise.",
						"The password has been changed since, and stays; everything else was put back.")
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
		if _, address := set[educator.FieldEmailKey]; address || set[educator.FieldPasswordHash] != nil {
			mine = append(mine, r.TargetID)
		}
		if len(set) > 0 {
			updates = append(updates, changed{r.TargetID, set})
		}
	}
	if roles := givenRoles(b.open()); len(roles) > 0 {
		if _, err := client.RoleAssignment.Delete().Where(roleassignment.Or(roles...)).Exec(system); err != nil {
			return fmt.Errorf("take roles away: %w", err)
		}
	}
	if err := updateRows(ctx, client, educator.Table, "", updates); err != nil {
		return err
	}
	if err := identity.CredentialsChanged(system, client, k.instant(), credentials...); err != nil {
		return err
	}
	if err := identity.AddressChanged(system, client, addresses...); err != nil {
		return err
	}
	// Whoever puts an address or a password back may have known it.
	if err := hold.Note(ctx, client, k.now(), []int{b.v.EducatorID}, mine...); err != nil {
		return err
	}
	return removeAccounts(system, client, unused)
}

// credentialsOfUndo are what an undo does to the credentials of an account.
func credentialsOfUndo(r *undoRow, e *db.Educator, roles []viewer.Assignment) identity.Change {
	password, _ := r.before.Set[educator.FieldPasswordHash].(string)
	c := identity.Change{EducatorID: e.ID, Roles: roles, Old: deref(e.EmailKey), New: deref(e.EmailKey), Password: password != ""}
	if value, changes := r.before.Set[educator.FieldEmailKey]; changes {
		c.New, _ = value.(string)
	}
	return c
}

// givenRoles are the roles that rows gave.
func givenRoles(rows []*undoRow) (roles []predicate.RoleAssignment) {
	for _, r := range rows {
		if r.before.GaveRole {
			roles = append(roles, roleassignment.And(roleassignment.EducatorID(r.TargetID), roleassignment.OrganizationID(r.plan.SchoolID),
				roleassignment.RoleEQ(roleassignment.Role(r.plan.Role))))
		}
	}
	return roles
}

// keepUsedAccounts keeps those of the new accounts that somebody has used, or given
// something that the job did not.
func (k *educatorKind) keepUsedAccounts(system context.Context, client *db.Client, b *undoBatch) error {
	ids := targets(b.open(), func(r *undoRow) bool { return r.plan.Do == doCreate })
	used, err := usesOf(system, client, ids, []use{
		{"audit_events", "actor_id", "actor_kind = '" + string(audit.Educator) + "'", "somebody has signed in with it"},
		{"sessions", "educator_id", "", "somebody has signed in with it"},
		{"external_identities", "educator_id", "", "somebody has signed in with it"},
		{"one_time_links", "educator_id", "used_at IS NOT NULL", "its password has been set by a link"},
		{"bulk_jobs", "submitted_by", "", "it has submitted bulk jobs"},
		{"service_keys", "created_by", "", "it has made service keys"},
		{"service_keys", "agent_id", "", "a service key acts for it"},
		{"group_educators", "educator_id", "", "it teaches a class or group"},
	})
	if err != nil {
		return err
	}
	roles := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...))
	if given := givenRoles(b.open()); len(given) > 0 {
		roles.Where(roleassignment.Not(roleassignment.Or(given...)))
	}
	others, err := roles.All(system)
	if err != nil {
		return err
	}
	for _, r := range others {
		used[r.EducatorID] = "it has another role"
	}
	for _, r := range b.open() {
		if why := used[r.TargetID]; why != "" && r.plan.Do == doCreate {
			r.keep(ChangedSince, "Take the role away, or have the account disabled.", "The new account is in use: %s. It stays.", why)
		}
	}
	return nil
}

// removeAccounts deletes accounts that nobody has used, with the links that nobody
// has followed. A use that comes in between is a reference, which the database
// refuses to leave behind.
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
