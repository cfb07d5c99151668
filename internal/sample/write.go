package sample

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// writer stores a plan. It never chooses keys and never guesses them from earlier ones: it
// reads rows back by their external ids.
type writer struct {
	db      *database.DB
	plan    *plan
	now     string
	summary Summary

	districtID int
	schoolIDs  []int
	staffIDs   []int
	productIDs []int
}

// district stores the district, the schools, the products and the educators.
func (w *writer) district(ctx context.Context, client *db.Client) error {
	domain, name, err := w.place(ctx, client)
	if err != nil {
		return err
	}
	w.summary = Summary{District: name, Schools: len(w.plan.schools), Educators: len(w.plan.staff)}
	if err := w.organizations(ctx, client, name); err != nil {
		return err
	}
	if err := w.products(ctx, client); err != nil {
		return err
	}
	audit.Record(ctx, audit.Event{Action: audit.SampleDistrictMade, DistrictID: w.districtID, OrganizationID: w.districtID,
		Facts: audit.Facts{"students": w.plan.Students, "schools": len(w.plan.schools)}})
	return w.educators(ctx, client, domain)
}

// place returns a mail domain and a name for the district that no other district has.
func (w *writer) place(ctx context.Context, client *db.Client) (domain, name string, err error) {
	n, err := client.Organization.Query().Count(ctx)
	if err != nil {
		return "", "", err
	}
	if n == 0 {
		return "example.com", districtName, nil
	}
	if !w.plan.Add {
		return "", "",
			fault.Conflictf(
				"the database already holds %d organizations; a sample belongs in an empty database, unless it is added on purpose",
				n)
	}
	// Organizations are never deleted, so their number is new every time.
	return fmt.Sprintf("d%d.example.com", n+1), fmt.Sprintf("%s %d", districtName, n+1), nil
}

func (w *writer) organizations(ctx context.Context, client *db.Client, name string) error {
	from := w.plan.year.StartsOn
	// The district is one row, whose key both kinds of database report.
	district, err := client.Organization.Create().SetType("DISTRICT").SetName(name).SetNameKey(fold.Text(name)).
		SetExternalID("00001").SetUsageCountedFrom(from).SetCreatedAt(w.plan.now).Save(ctx)
	if err != nil {
		return err
	}
	w.districtID = district.ID
	w.summary.DistrictID = district.ID
	if err := client.Organization.UpdateOne(district).SetDistrictID(district.ID).Exec(ctx); err != nil {
		return err
	}
	rows := w.into("organizations", "type", "district_id", "parent_id", "name", "name_key", "external_id",
		"usage_counted_from")
	keys := make([]string, len(w.plan.schools))
	for i, s := range w.plan.schools {
		rows.add("SCHOOL", w.districtID, w.districtID, s.name, fold.Text(s.name), s.externalID, int(from))
		keys[i] = s.externalID
	}
	if err := rows.store(ctx, client); err != nil {
		return err
	}
	w.schoolIDs, err = readBack(ctx, client, "organizations", "parent_id = ?", []any{w.districtID}, keys)
	return err
}

func (w *writer) products(ctx context.Context, client *db.Client) error {
	w.productIDs = nil
	for _, code := range products() {
		id, err := client.Product.Query().Where(product.Code(code)).OnlyID(ctx)
		if db.IsNotFound(err) {
			var p *db.Product
			if p, err = client.Product.Create().SetCode(code).SetCreatedAt(w.plan.now).Save(ctx); err == nil {
				id = p.ID
			}
		}
		if err != nil {
			return err
		}
		w.productIDs = append(w.productIDs, id)
	}
	return nil
}

func (w *writer) educators(ctx context.Context, client *db.Client, domain string) error {
	rows := w.into("educators", "district_id", "external_id", "first_name", "last_name", "sort_name", "email", "email_key",
		"username", "password_hash", "disabled")
	keys := make([]string, len(w.plan.staff))
	for i, e := range w.plan.staff {
		email, hash := e.mailbox+"@"+domain, any(nil)
		if slices.Contains([]string{"district", "school", "teacher"}, e.mailbox) {
			if w.plan.PasswordHash != "" {
				hash = w.plan.PasswordHash
			}
			w.summary.SignIns = append(w.summary.SignIns,
				SignIn{Email: email, Name: e.given + " " + e.family, Role: e.role, At: w.at(e)})
		}
		rows.add(w.districtID, e.externalID, e.given, e.family, fold.SortName(e.family, e.given), email,
			fold.Address(email), email, hash, 0)
		keys[i] = e.externalID
	}
	if err := rows.store(ctx, client); err != nil {
		return err
	}
	ids, err := readBack(ctx, client, "educators", "district_id = ?", []any{w.districtID}, keys)
	if err != nil {
		return err
	}
	w.staffIDs = ids
	roles := w.into("role_assignments", "educator_id", "organization_id", "district_id", "role")
	for i, e := range w.plan.staff {
		organization := w.districtID
		if e.role != viewer.DistrictAdmin {
			organization = w.schoolIDs[e.school]
		}
		roles.add(ids[i], organization, w.districtID, string(e.role))
	}
	return roles.store(ctx, client)
}

// at returns the name of the organization at which an educator works.
func (w *writer) at(e educator) string {
	if e.school < 0 {
		return w.summary.District
	}
	return w.plan.schools[e.school].name
}

// schools stores the groups and students of some schools.
func (w *writer) schools(ctx context.Context, client *db.Client, b *batch) error {
	groupIDs, err := w.groups(ctx, client, b.groups)
	if err != nil {
		return err
	}
	studentIDs, err := w.students(ctx, client, b.students)
	if err != nil {
		return err
	}
	enrollments := w.into("enrollments", "student_id", "group_id")
	days := w.into("usage_days", "student_id", "product_id", "day", "seconds")
	for i := range b.students {
		for _, g := range b.students[i].groups {
			enrollments.add(studentIDs[i], groupIDs[g])
		}
		for _, u := range b.students[i].usage {
			days.add(studentIDs[i], w.productIDs[u.product], int(u.day), u.seconds)
		}
	}
	if err := enrollments.store(ctx, client); err != nil {
		return err
	}
	if err := days.store(ctx, client); err != nil {
		return err
	}
	return w.words(ctx, client, b.students, studentIDs)
}

func (w *writer) groups(ctx context.Context, client *db.Client, groups []group) ([]int, error) {
	rows := w.into("groups", "district_id", "organization_id", "name", "name_key", "external_id", "synced",
		"student_count", "version")
	keys, places := make([]string, len(groups)), []any{}
	for i, g := range groups {
		id := w.schoolIDs[g.school]
		rows.add(w.districtID, id, g.name, fold.Text(g.name), g.externalID, g.synced, g.students, 1)
		keys[i] = g.externalID
		if len(places) == 0 || places[len(places)-1] != id {
			places = append(places, id)
		}
	}
	if err := rows.store(ctx, client); err != nil {
		return nil, err
	}
	condition := "organization_id IN (?" + strings.Repeat(",?", len(places)-1) + ")"
	ids, err := readBack(ctx, client, "groups", condition, places, keys)
	if err != nil {
		return nil, err
	}
	teaching := w.into("group_educators", "educator_id", "group_id")
	for i, g := range groups {
		for _, t := range g.teachers {
			teaching.add(w.staffIDs[t], ids[i])
		}
	}
	return ids, teaching.store(ctx, client)
}

func (w *writer) students(ctx context.Context, client *db.Client, students []student) ([]int, error) {
	rows := w.into("students", "district_id", "organization_id", "external_id", "username", "username_key",
		"first_name", "last_name", "sort_name", "grade", "synced", "group_count", "ungrouped", "seconds_this_year", "active",
		"last_active_at", "version")
	keys := make([]string, len(students))
	for i := range students {
		st := &students[i]
		last, ungrouped := any(nil), 0
		if !st.lastActive.IsZero() {
			last = instant(w.db.Kind(), st.lastActive)
		}
		if len(st.groups) == 0 {
			ungrouped = 1
		}
		rows.add(w.districtID, w.schoolIDs[st.school], st.externalID, st.username, st.usernameKey, st.given, st.family,
			st.sortName, int(gradeOf(st.year)), st.synced, len(st.groups), ungrouped, st.seconds, st.active(), last, 1)
		keys[i] = st.externalID
	}
	if err := rows.store(ctx, client); err != nil {
		return nil, err
	}
	// The keys rise, so that the batch is one range of the unique index.
	return readBack(ctx, client, "students", "district_id = ? AND external_id BETWEEN ? AND ?",
		[]any{w.districtID, keys[0], keys[len(keys)-1]}, keys)
}

// words stores the words in sorted order, which is the fastest for their index.
func (w *writer) words(ctx context.Context, client *db.Client, students []student, ids []int) error {
	type entry struct {
		word string
		id   int
	}
	var all []entry
	for i := range students {
		for _, word := range students[i].words {
			all = append(all, entry{word, ids[i]})
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		if c := strings.Compare(a.word, b.word); c != 0 {
			return c
		}
		return a.id - b.id
	})
	rows := w.into("student_words", "district_id", "word", "student_id")
	for _, e := range all {
		rows.add(w.districtID, e.word, e.id)
	}
	return rows.store(ctx, client)
}

// stored counts what has been committed and reports the progress.
func (w *writer) stored(b *batch) {
	s := &w.summary
	s.Groups += len(b.groups)
	s.Students += len(b.students)
	for i := range b.groups {
		s.SyncedGroups += b.groups[i].synced
	}
	for i := range b.students {
		st := &b.students[i]
		s.Enrollments += len(st.groups)
		s.UsageDays += len(st.usage)
		s.Words += len(st.words)
		if len(st.groups) == 0 {
			s.Unassigned++
			s.UnassignedActive += st.active()
		}
	}
	if w.plan.Progress != nil {
		w.plan.Progress(s.Students, w.plan.Students)
	}
}
