package importer

import (
	"context"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/organization"
	"homeroom/ent/db/roleassignment"
	"homeroom/ent/rule"
	"homeroom/internal/hold"
	"homeroom/internal/identity"
	"homeroom/internal/viewer"
)

// systemFor is the context of writes that a check has allowed before.
func systemFor(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "write checked rows of a file")
}

// applyEducators writes a batch of rows of educators and their roles.
func (s *Service) applyEducators(ctx context.Context, client *db.Client, b *batch) error {
	system := systemFor(ctx)
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	// Educators are those of the school of the job, as when it was checked.
	v := hereOf(b.v, b.job)
	ctx = viewer.NewContext(ctx, v)
	q := client.Educator.Query().Where(educator.IDIn(ids...)).Order(db.Asc(educator.FieldID))
	if s.locks() {
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
	behind, err := s.behind(ctx, b.job)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		e, p := educators[r.TargetID], r.plan
		wanted, changes := p.credentials(e, roles[r.TargetID]), len(p.Set) > 0 || r.hash != ""
		wanted.Password, wanted.Behind = r.hash != "", behind
		why := s.guard.Refuse(b.v, wanted)
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
	if err := s.refuseTakenEducators(system, client, b); err != nil {
		return err
	}
	if err := s.insertEducators(system, client, b); err != nil {
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
	if err := identity.CredentialsChanged(system, client, s.instant(), credentials...); err != nil {
		return err
	}
	if err := identity.AddressChanged(system, client, addresses...); err != nil {
		return err
	}
	if err := s.giveRoles(system, client, b); err != nil {
		return err
	}
	return s.noteHands(ctx, client, b)
}

// noteHands notes that whoever has submitted, started or corrected a file could sign in with
// the accounts of which it makes, or sets the role, the password or the address.
func (s *Service) noteHands(ctx context.Context, client *db.Client, b *batch) error {
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
	return hold.Note(ctx, client, s.now(), hands, ids...)
}

// setsCredentials reports whether new values of columns are those of credentials.
func setsCredentials(set map[string]any) bool {
	return slices.ContainsFunc(identity.CredentialColumns(), func(column string) bool { _, sets := set[column]; return sets })
}

// asItWas reports whether the fields that a plan changes still hold what they did
// when it was made. It stands in for a version where a table has none.
func asItWas(p *plan, now map[string]string) bool {
	for field, was := range p.Was {
		if now[field] != was {
			return false
		}
	}
	return true
}

func (s *Service) refuseTakenEducators(system context.Context, client *db.Client, b *batch) error {
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

func (s *Service) insertEducators(system context.Context, client *db.Client, b *batch) error {
	creates := newRows(b)
	if len(creates) == 0 {
		return nil
	}
	text := func(r *plannedRow, field string) string { v, _ := r.plan.Set[field].(string); return v }
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = []any{s.instant(), b.job.DistrictID, mark(b.job.ID, r), text(r, educator.FieldFirstName), text(r, educator.FieldLastName),
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
func (s *Service) giveRoles(system context.Context, client *db.Client, b *batch) error {
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
		rows = append(rows, []any{s.instant(), id, r.plan.SchoolID, b.job.DistrictID, r.plan.Role})
	}
	return insertRows(system, client, roleassignment.Table, "created_at, educator_id, organization_id, district_id, role", rows)
}

// applyOrganizations writes a batch of rows of schools. A new school counts usage
// from the day of its district, whose school year it inherits.
func (s *Service) applyOrganizations(ctx context.Context, client *db.Client, b *batch) error {
	system := systemFor(ctx)
	district, err := client.Organization.Get(system, b.job.DistrictID)
	if err != nil {
		return err
	}
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	q := client.Organization.Query().Where(organization.IDIn(ids...)).Order(db.Asc(organization.FieldID))
	if s.locks() {
		q.ForUpdate()
	}
	locked, err := q.All(ctx)
	if err != nil {
		return err
	}
	schools := map[int]*db.Organization{}
	for _, o := range locked {
		schools[o.ID] = o
	}
	var externalIDs []string
	for _, r := range b.rows {
		o := schools[r.TargetID]
		switch {
		case r.plan.Do == doCreate:
		case o == nil:
			r.stale("The school is no longer in the purview of the person who uploaded the file.")
		case !asItWas(r.plan, map[string]string{organization.FieldName: o.Name, organization.FieldExternalID: deref(o.ExternalID)}):
			r.stale("Somebody has changed the school since the file was checked.")
		}
		if v, ok := r.plan.Set[organization.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
	}
	found, err := client.Organization.Query().Where(organization.DistrictID(district.ID), organization.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[string]int{}
	for _, o := range found {
		owner[*o.ExternalID] = o.ID
	}
	var updates []changed
	for _, r := range b.open() {
		id, _ := r.plan.Set[organization.FieldExternalID].(string)
		switch o := owner[id]; {
		case o != 0 && o != r.TargetID:
			r.refuse(problemf(ExternalIDTaken, "Upload the row again to see what it would change now.", "Somebody has taken the external ID since the file was checked."))
		case r.plan.Do == doUpdate:
			o := schools[r.TargetID]
			r.keep(r.plan.Set, map[string]any{organization.FieldName: o.Name, organization.FieldNameKey: o.NameKey, organization.FieldExternalID: optional(o.ExternalID)})
			updates = append(updates, changed{r.TargetID, r.plan.Set})
		}
	}
	if err := updateRows(ctx, client, organization.Table, "", updates); err != nil {
		return err
	}
	return s.insertSchools(system, client, b, district)
}

func (s *Service) insertSchools(system context.Context, client *db.Client, b *batch, district *db.Organization) error {
	creates := newRows(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = []any{s.instant(), string(organization.TypeSCHOOL), district.ID, district.ID,
			r.plan.Set[organization.FieldName], r.plan.Set[organization.FieldNameKey], mark(b.job.ID, r), int(district.UsageCountedFrom)}
	}
	err := insertRows(system, client, organization.Table, "created_at, type, district_id, parent_id, name, name_key, external_id, usage_counted_from", rows)
	if err != nil {
		return err
	}
	found, err := client.Organization.Query().Where(organization.DistrictID(district.ID), organization.ExternalIDIn(marks(b.job.ID, creates)...)).
		Select(organization.FieldID, organization.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, o := range found {
		ids[*o.ExternalID] = o.ID
	}
	return unmark(system, client, organization.Table, b.job.ID, creates, ids)
}
