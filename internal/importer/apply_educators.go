package importer

import (
	"context"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/roleassignment"
	"homeroom/ent/rule"
	"homeroom/internal/hold"
	"homeroom/internal/identity"
	"homeroom/internal/viewer"
)

// applyEducators writes a batch of rows of educators and their roles.
func (k *educatorKind) applyEducators(ctx context.Context, client *db.Client, b *batch) error {
	system := systemFor(ctx)
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	// Educators are those of the school of the job, as when it was checked.
	v := hereOf(b.v, b.job)
	ctx = viewer.NewContext(ctx, v)
	q := client.Educator.Query().Where(educator.IDIn(ids...)).Order(db.Asc(educator.FieldID))
	if k.locks() {
		q.ForUpdate()
	}
	locked, err := q.All(ctx)
	if err != nil {
		return err
	}
	educators := map[int]*db.Educator{}
	for _, e := range locked {
		educators[e.ID] = e
	}
	editable, err := idSet(client.Educator.Query().Where(educator.IDIn(ids...), rule.EducatorsEdited(v)).IDs(ctx))
	if err != nil {
		return err
	}
	roles, err := identity.RolesOf(ctx, client, ids)
	if err != nil {
		return err
	}
	behind, err := k.behind(ctx, b.job)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		e, p := educators[r.TargetID], r.plan
		wanted, changes := credentialsOf(p, e, roles[r.TargetID]), len(p.Set) > 0 || r.hash != ""
		wanted.Password, wanted.Behind = r.hash != "", behind
		why := k.guard.Refuse(b.v, wanted)
		switch {
		case p.SchoolID != 0 && !v.Administers(p.SchoolID, b.job.DistrictID):
			r.gone("The school")
		case p.Do != doCreate && e == nil:
			r.gone("The educator")
		case why != nil && (changes || why.Code == identity.OwnAccount):
			r.refuse(fromFault(why, "Ask another administrator of the district."))
		case p.Do == doCreate:
		case changes && !editable[e.ID]:
			r.refuse(problemf(Forbidden, "Ask an administrator of the district.", "Somebody who has a hand in the upload may not change the account."))
		case !asItWas(p, map[string]string{
			educator.FieldExternalID: deref(e.ExternalID), educator.FieldFirstName: e.FirstName, educator.FieldLastName: e.LastName,
			educator.FieldEmail: e.Email, educator.FieldUsername: e.Username, educator.FieldPasswordHash: hashPrint(e.PasswordHash),
		}):
			r.stale("Somebody has changed the educator since the file was checked.")
		}
	}
	if err := k.refuseTakenEducators(system, client, b); err != nil {
		return err
	}
	if err := k.insertEducators(system, client, b); err != nil {
		return err
	}
	var updates []changed
	var credentials, addresses []int
	for _, r := range b.open() {
		set := map[string]any{}
		for column, value := range r.plan.Set {
			set[column] = value
		}
		if r.hash != "" {
			set[educator.FieldPasswordHash] = r.hash
			r.before.Password = hashPrint(r.hash)
		}
		if r.plan.Do == doCreate || setsCredentials(set) {
			credentials = append(credentials, r.TargetID+r.createdID)
		}
		if _, changes := set[educator.FieldEmailKey]; changes {
			addresses = append(addresses, r.TargetID+r.createdID)
		}
		if r.plan.Do == doUpdate && len(set) > 0 {
			e := educators[r.TargetID]
			r.keep(set, map[string]any{
				educator.FieldExternalID: optional(e.ExternalID), educator.FieldFirstName: e.FirstName, educator.FieldLastName: e.LastName,
				educator.FieldSortName: e.SortName, educator.FieldEmail: e.Email, educator.FieldEmailKey: optional(e.EmailKey),
				educator.FieldUsername: e.Username, educator.FieldPasswordHash: nullable(e.PasswordHash),
			})
			updates = append(updates, changed{r.TargetID, set})
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
	if err := k.giveRoles(system, client, b); err != nil {
		return err
	}
	return k.noteHands(ctx, client, b)
}

// noteHands notes that whoever has submitted, started or corrected a file could sign in with
// the accounts of which it makes, or sets the role, the password or the address.
func (k *educatorKind) noteHands(ctx context.Context, client *db.Client, b *batch) error {
	var ids []int
	for _, r := range b.open() {
		_, address := r.plan.Set[educator.FieldEmailKey]
		if r.plan.Do == doCreate || r.plan.Role != "" || r.hash != "" || address {
			ids = append(ids, r.TargetID+r.createdID)
		}
	}
	hands := append([]int{b.job.SubmittedBy}, b.job.CorrectedBy...)
	if b.job.StartedBy != nil {
		hands = append(hands, *b.job.StartedBy)
	}
	return hold.Note(ctx, client, k.now(), hands, ids...)
}

// setsCredentials reports whether new values of columns are those of credentials.
func setsCredentials(set map[string]any) bool {
	return slices.ContainsFunc(identity.CredentialColumns(), func(column string) bool { _, sets := set[column]; return sets })
}

func (k *educatorKind) refuseTakenEducators(system context.Context, client *db.Client, b *batch) error {
	var externalIDs, keys []string
	for _, r := range b.open() {
		if v, ok := r.plan.Set[educator.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
		if v, ok := r.plan.Set[educator.FieldEmailKey].(string); ok {
			keys = append(keys, v)
		}
	}
	owner := map[string]int{}
	found, err := client.Educator.Query().Where(educator.DistrictID(b.job.DistrictID), educator.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	for _, e := range found {
		owner["id "+*e.ExternalID] = e.ID
	}
	if found, err = client.Educator.Query().Where(educator.EmailKeyIn(keys...)).All(system); err != nil {
		return err
	}
	for _, e := range found {
		owner["email "+*e.EmailKey] = e.ID
	}
	for _, r := range b.open() {
		id, _ := r.plan.Set[educator.FieldExternalID].(string)
		key, _ := r.plan.Set[educator.FieldEmailKey].(string)
		if o := owner["id "+id]; o != 0 && o != r.TargetID {
			r.refuse(problemf(ExternalIDTaken, "Upload the row again to see what it would change now.", "Somebody has taken the external ID since the file was checked."))
		} else if o := owner["email "+key]; o != 0 && o != r.TargetID {
			r.refuse(problemf(EmailTaken, "Check the address and upload the row again.", "Somebody has taken the address since the file was checked."))
		}
	}
	return nil
}

func (k *educatorKind) insertEducators(system context.Context, client *db.Client, b *batch) error {
	creates := newRows(b)
	if len(creates) == 0 {
		return nil
	}
	text := func(r *plannedRow, field string) string { v, _ := r.plan.Set[field].(string); return v }
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = []any{k.instant(), b.job.DistrictID, mark(b.job.ID, r), text(r, educator.FieldFirstName), text(r, educator.FieldLastName),
			text(r, educator.FieldSortName), text(r, educator.FieldEmail), nullable(text(r, educator.FieldEmailKey)), text(r, educator.FieldUsername), nullable(r.hash), 0}
	}
	err := insertRows(system, client, educator.Table,
		"created_at, district_id, external_id, first_name, last_name, sort_name, email, email_key, username, password_hash, disabled", rows)
	if err != nil {
		return err
	}
	found, err := client.Educator.Query().Where(educator.DistrictID(b.job.DistrictID), educator.ExternalIDIn(marks(b.job.ID, creates)...)).
		Select(educator.FieldID, educator.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, e := range found {
		ids[*e.ExternalID] = e.ID
	}
	return unmark(system, client, educator.Table, b.job.ID, creates, ids)
}

// giveRoles adds the roles that are not held yet.
func (k *educatorKind) giveRoles(system context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.open(), func(r *plannedRow) []int { return []int{r.TargetID} })
	held, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).All(system)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	key := func(educatorID int, role string, at int) string { return fmt.Sprintf("%d %s %d", educatorID, role, at) }
	for _, r := range held {
		there[key(r.EducatorID, string(r.Role), r.OrganizationID)] = true
	}
	var rows [][]any
	for _, r := range b.open() {
		id := r.TargetID + r.createdID
		if r.plan.Role == "" {
			continue
		}
		if there[key(id, r.plan.Role, r.plan.SchoolID)] {
			r.already = len(r.plan.Set) == 0 && r.hash == ""
			continue
		}
		r.before.GaveRole = true
		rows = append(rows, []any{k.instant(), id, r.plan.SchoolID, b.job.DistrictID, r.plan.Role})
	}
	return insertRows(system, client, roleassignment.Table, "created_at, educator_id, organization_id, district_id, role", rows)
}
