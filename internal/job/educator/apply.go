package educator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Apply writes a batch of rows of educators and their roles.
func (k *importKind) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	system := row.SystemFor(ctx)
	ids := row.IDs(b.Rows, func(r *row.Planned) []int { return []int{r.TargetID} })
	// The educators are those of the job's school, as in the check.
	v := reach.HereOf(b.Viewer, b.Job)
	ctx = viewer.NewContext(ctx, v)
	educators, err := k.LockEducators(ctx, client, ids)
	if err != nil {
		return err
	}
	editable, err := bulk.IDSet(client.Educator.Query().Where(educator.IDIn(ids...), rule.EducatorsEdited(v)).IDs(ctx))
	if err != nil {
		return err
	}
	roles, err := credential.RolesOf(ctx, client, ids)
	if err != nil {
		return err
	}
	behind, _, err := k.behind(ctx, b.Job)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		e, p := educators[r.TargetID], r.Plan
		wanted, changes := credentialsOf(p, e, roles[r.TargetID]), len(p.Set) > 0 || r.Hash != ""
		wanted.Password, wanted.Behind = r.Hash != "", behind
		why := k.guard.Refuse(b.Viewer, wanted)
		switch {
		case p.SchoolID != 0 && !v.Administers(p.SchoolID, b.Job.DistrictID):
			r.Gone("The school")
		case p.Do != row.Create && e == nil:
			r.Gone("The educator")
		case why != nil && (changes || why.Code == credential.OwnAccount):
			r.Refuse(row.FromFault(why, "Ask another administrator of the district."))
		case p.Do == row.Create:
		case changes && !editable[e.ID]:
			r.Refuse(row.Problemf(row.Forbidden, "Ask an administrator of the district.",
				"Somebody who took part in the upload may not change the account."))
		case !row.AsItWas(p, nowOf(e)):
			r.Stale("Somebody changed the educator after the file was checked.")
		}
	}
	if err := k.refuseTakenEducators(system, client, b); err != nil {
		return err
	}
	if err := k.insertEducators(system, client, b); err != nil {
		return err
	}
	var updates []bulk.Change
	var credentials, addresses []int
	for _, r := range b.Open() {
		set := map[string]any{}
		maps.Copy(set, r.Plan.Set)
		if r.Hash != "" {
			set[educator.FieldPasswordHash] = r.Hash
			r.Before.Password = row.HashPrint(r.Hash)
		}
		if r.Plan.Do == row.Create || setsCredentials(set) {
			credentials = append(credentials, r.TargetID+r.CreatedID)
		}
		if _, changes := set[educator.FieldEmailKey]; changes {
			addresses = append(addresses, r.TargetID+r.CreatedID)
		}
		if r.Plan.Do == row.Update && len(set) > 0 {
			r.Keep(set, stored.Now(educators[r.TargetID]))
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: set})
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
	// This comes before roles are given, because what the file sets must not count as set
	// before.
	if err := k.endReaddressed(system, client, b, addresses); err != nil {
		return err
	}
	if err := k.noteHands(ctx, client, b); err != nil {
		return err
	}
	return k.giveRoles(system, client, b)
}

// endReaddressed ends passwords that somebody may have set who had named the address of
// before, or the External ID by which alone the file finds the account.
func (k *importKind) endReaddressed(system context.Context, client *db.Client, b *row.Batch, addresses []int) error {
	var grants []credential.Grant
	var fresh, byID, confirmed []int
	for _, r := range b.Open() {
		if r.Plan.ByID {
			byID = append(byID, r.TargetID)
		}
		if r.Plan.Role != "" && r.TargetID != 0 {
			grants = append(grants, credential.Grant{EducatorID: r.TargetID, Assignment: given(r.Plan, b.Job.DistrictID)})
		}
		if r.Hash != "" {
			fresh = append(fresh, r.TargetID)
		}
	}
	ended, err := credential.Readdress(system, client, k.Instant(), handsOf(b.Job), addresses, byID, grants, fresh...)
	if err != nil {
		return err
	}
	for _, id := range byID {
		if ended[id]&hold.ByID != 0 {
			confirmed = append(confirmed, id)
		}
	}
	// From now on, the ID belongs to whoever has given the account the address.
	return hold.NoteWay(system, client, k.Now(), hold.ByID, handsOf(b.Job), confirmed...)
}

// handsOf returns the people who have submitted, started or corrected a job.
func handsOf(job *db.BulkJob) []int {
	hands := append([]int{job.SubmittedBy}, job.CorrectedBy...)
	if job.StartedBy != nil {
		hands = append(hands, *job.StartedBy)
	}
	return hands
}

// nowOf returns the present values of an educator's columns; of a password only its
// fingerprint.
func nowOf(e *db.Educator) map[string]string {
	now := compared.Texts(e)
	now[educator.FieldPasswordHash] = row.HashPrint(e.PasswordHash)
	return now
}

// noteHands records that the people who submitted, started or corrected a file could
// sign in with the accounts that it creates, or whose password or address it sets. A
// role alone is no way into an account. Otherwise a school could take the second
// administrators away from its district by giving them roles.
func (k *importKind) noteHands(ctx context.Context, client *db.Client, b *row.Batch) error {
	var made, passwords, cleared, addresses, named []int
	for _, r := range b.Open() {
		if r.Plan.Text(educator.FieldExternalID) != "" {
			named = append(named, r.TargetID+r.CreatedID)
		}
		_, password := r.Plan.Set[educator.FieldPasswordHash]
		_, address := r.Plan.Set[educator.FieldEmailKey]
		switch id := r.TargetID + r.CreatedID; {
		case r.Plan.Do == row.Create:
			made = append(made, id)
			continue
		case r.Hash != "":
			passwords = append(passwords, id)
		case password:
			cleared = append(cleared, id)
		}
		if address {
			addresses = append(addresses, r.TargetID)
		}
	}
	hands := handsOf(b.Job)
	for _, set := range []struct {
		way   hold.Way
		hands []int
		of    []int
	}{{hold.Both, hands, made}, {hold.ByPassword, hands, passwords}, {hold.ByPassword, nil, cleared},
		{hold.ByAddress, hands, addresses}, {hold.ByID, hands, named}} {
		if err := hold.NoteWay(ctx, client, k.Now(), set.way, set.hands, set.of...); err != nil {
			return err
		}
	}
	return nil
}

// setsCredentials reports whether new values of columns set credentials.
func setsCredentials(set map[string]any) bool {
	return slices.ContainsFunc(credential.Columns(), func(column string) bool {
		_, sets := set[column]
		return sets
	})
}

func (k *importKind) refuseTakenEducators(system context.Context, client *db.Client, b *row.Batch) error {
	var externalIDs, keys []string
	for _, r := range b.Open() {
		if v, ok := r.Plan.Set[educator.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
		if v, ok := r.Plan.Set[educator.FieldEmail].(string); ok && v != "" {
			keys = append(keys, fold.Addresses(v)...)
		}
	}
	owner := map[string]int{}
	found, err := client.Educator.Query().
		Where(educator.DistrictID(b.Job.DistrictID), educator.ExternalIDIn(externalIDs...)).All(system)
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
		owner["email "+fold.Address(*e.EmailKey)] = e.ID
	}
	for _, r := range b.Open() {
		id, _ := r.Plan.Set[educator.FieldExternalID].(string)
		key, _ := r.Plan.Set[educator.FieldEmailKey].(string)
		if o := owner["id "+id]; o != 0 && o != r.TargetID || identity.IsReserved(id) {
			r.Refuse(row.Problemf(row.ExternalIDTaken, "Upload the row again to see what it would change now.",
				"This external ID was taken after the file was checked."))
		} else if o := owner["email "+fold.Address(key)]; o != 0 && o != r.TargetID {
			r.Refuse(row.Problemf(row.EmailTaken, "Check the address and upload the row again.",
				"Somebody else got this address after the file was checked."))
		}
	}
	return nil
}

func (k *importKind) insertEducators(system context.Context, client *db.Client, b *row.Batch) error {
	creates := row.Creating(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = append([]any{k.Instant(), b.Job.DistrictID, bulk.Nullable(r.Hash), 0}, row.Inserted(open, b.Job.ID, r)...)
	}
	err := bulk.Insert(system, client, educator.Table,
		"created_at, district_id, password_hash, disabled, "+strings.Join(open.DB(), ", "), rows)
	if err != nil {
		return err
	}
	found, err := client.Educator.Query().
		Where(educator.DistrictID(b.Job.DistrictID), educator.ExternalIDIn(row.Tags(b.Job.ID, creates)...)).
		Select(educator.FieldID, educator.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, e := range found {
		ids[*e.ExternalID] = e.ID
	}
	return row.Untag(system, client, educator.Table, b.Job.ID, creates, ids)
}

// giveRoles adds the roles that are not held yet. It ends credentials that were set by
// somebody who administers less than the account then has.
func (k *importKind) giveRoles(system context.Context, client *db.Client, b *row.Batch) error {
	ids := row.IDs(b.Open(), func(r *row.Planned) []int { return []int{r.TargetID} })
	held, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).All(system)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	key := func(educatorID int, role string, at int) string { return fmt.Sprintf("%d %s %d", educatorID, role, at) }
	for _, r := range held {
		there[key(r.EducatorID, string(r.Role), r.OrganizationID)] = true
	}
	now := k.Instant()
	var rows [][]any
	var grants []credential.Grant
	var fresh []int
	for _, r := range b.Open() {
		id := r.TargetID + r.CreatedID
		if r.Plan.Role == "" {
			continue
		}
		if there[key(id, r.Plan.Role, r.Plan.SchoolID)] {
			r.Already = len(r.Plan.Set) == 0 && r.Hash == ""
			continue
		}
		r.Before.GaveRole, r.Before.GaveRoleAt = true, &now
		rows = append(rows, []any{now, id, r.Plan.SchoolID, b.Job.DistrictID, r.Plan.Role})
		if r.TargetID != 0 {
			grants = append(grants, credential.Grant{EducatorID: id, Assignment: given(r.Plan, b.Job.DistrictID),
				ByID: r.Plan.ByID})
		}
		if r.Hash != "" {
			fresh = append(fresh, id)
		}
	}
	ended, err := credential.Widen(system, client, k.Instant(), grants, fresh...)
	if err != nil {
		return err
	}
	// Those who give the role have been told whom the External ID means, and stand for it.
	var confirmed []int
	for id, way := range ended {
		if way&hold.ByID != 0 {
			confirmed = append(confirmed, id)
		}
	}
	if err := hold.NoteWay(system, client, k.Now(), hold.ByID, handsOf(b.Job), confirmed...); err != nil {
		return err
	}
	return bulk.Insert(system, client, roleassignment.Table,
		"created_at, educator_id, organization_id, district_id, role", rows)
}

// given is the role that a plan gives.
func given(p *row.Plan, districtID int) viewer.Assignment {
	return viewer.Assignment{Role: viewer.Role(p.Role), OrganizationID: p.SchoolID, DistrictID: districtID}
}
