package rule_test

import "github.com/openhomeroom/homeroom/internal/viewer"

// may says which rows somebody reaches; it is nil if the policy refuses to read at all.
type may func(a ask, r row) bool

// policy is a line of the table: what people and programs reach of one entity. What
// is left out is refused to everybody but the server.
type policy struct {
	table string
	// read and readByKey are the rows that people and programs see.
	read, readByKey may
	// create are the rows that a person may create, createByKey a program.
	create, createByKey may
	// update are the columns that change after the creation, by who changes them.
	update []columns
	// remove are the rows that a person deletes.
	remove may
	// fixed are the columns that nothing changes after the creation.
	fixed string
	// edges are the edges by the names of the client's methods: Groups for QueryGroups.
	edges string
	// beforeSecondFactor says that people see the same of the entity while they must still
	// set up a second factor. They hold no roles then, and see nothing else.
	beforeSecondFactor bool
	// writtenOnce is an entity that not even the server changes and deletes.
	writtenOnce bool
}

// columns are some columns, separated by spaces, that are changed by the same people.
type columns struct {
	names string
	may   may
	// notTo are values of the column to which nobody but the server changes it.
	notTo func(a ask, value int) bool
}

// server is who changes what people do not.
var server may

// seenByAll is for entities that everybody sees who is signed in.
func seenByAll(ask, row) bool { return true }

// policies is the table of ent/rule, entity by entity. A new entity, column or edge needs
// a line here that says who reaches it.
func policies() map[string]policy {
	return map[string]policy{
		"AccountHand": {
			table:  "account_hands",
			update: []columns{{names: "last_at ways", may: server}},
			fixed:  "created_at educator_id hand_id",
		},
		"AuditDetail": {
			table: "audit_details", writtenOnce: true,
			update: []columns{{names: "salt body", may: server}},
			fixed:  "created_at district_id seq position subject_type subject_id digest",
		},
		"AuditEvent": {
			table: "audit_events", writtenOnce: true,
			read: ask.administers,
			fixed: "created_at district_id seq action code actor_kind actor_id actor_label roles address request_id operation " +
				"organization_id target_type target_id job_id facts details_digest prev_hash hash",
		},
		"AuditHead": {
			table:  "audit_heads",
			update: []columns{{names: "seq hash", may: server}},
			fixed:  "created_at district_id",
		},
		"BulkJob": {
			table: "bulk_jobs",
			read:  ask.job, readByKey: ask.jobOfKey,
			create: ask.submits, createByKey: ask.submitsByKey,
			update: []columns{{
				may: server,
				names: "status file_name content_print schools edit encoding delimiter line_ending headers ignored_headers " +
					"total_rows missing_rows seen_to verified_rows processed_rows created updated unchanged deleted enrollments_added " +
					"enrollments_removed warnings errors passwords hashed_passwords held_by_rule held_for held_at started_by " +
					"approved_by corrected_by corrected_while_held undone_rows kept_rows abandoned forgotten undone_by undo_from " +
					"undo_approved_by file_bytes header_print choices new_groups slow lease_owner lease_until fence started_at " +
					"finished_at",
			}},
			fixed: "created_at district_id organization_id submitted_by kind groups_mode commit_mode missing leavers " +
				"create_missing_groups idempotency_key key_print",
			edges: "Organization Submitter Chunks Rows RefusedRows Seen Mark Problems",
		},
		"BulkJobChunk": {table: "bulk_job_chunks", fixed: "created_at job_id seq data", edges: "Job"},
		"BulkJobMark":  {table: "bulk_job_marks", update: []columns{{names: "rows", may: server}}, fixed: "created_at job_id", edges: "Job"},
		"BulkJobProblem": {
			table: "bulk_job_problems",
			read:  ask.ofJob, readByKey: ask.ofJobOfKey,
			update: []columns{{names: "sealed", may: server}},
			fixed:  "created_at job_id row outside column severity code value message hint candidates cause",
			edges:  "Job",
		},
		"BulkJobRefusedRow": {
			table:  "bulk_job_refused_rows",
			update: []columns{{names: "cells password had_password refused", may: server}},
			fixed:  "created_at job_id row n extra outside",
			edges:  "Job",
		},
		"BulkJobRow": {
			table: "bulk_job_rows",
			read:  ask.ofJob, readByKey: ask.ofJobOfKey,
			update: []columns{{names: "target_id plan before applied_version state loses undo_loses", may: server}},
			fixed:  "created_at job_id row outside target_version label change_count",
			edges:  "Job",
		},
		"BulkJobSeen": {table: "bulk_job_seens", fixed: "created_at job_id thousand marks", edges: "Job"},
		"Educator": {
			table: "educators",
			read:  ask.educator, beforeSecondFactor: true,
			create: ask.createsEducator,
			update: []columns{
				{names: "external_id first_name last_name sort_name email email_key username password_hash disabled service", may: ask.changesEducator}},
			fixed: "created_at district_id",
			edges: "Roles Teaching Sessions Links",
		},
		"Enrollment": {
			table:  "enrollments",
			read:   ask.ofGroup,
			create: ask.enrolls,
			remove: ask.ofGroup,
			fixed:  "created_at student_id group_id",
			edges:  "Student Group",
		},
		"Erasure": {
			table: "erasures",
			update: []columns{
				{may: server, names: "state jobs_total jobs_done at_job at_step at_row through_job again certificate " +
					"finished_at"}},
			fixed: "created_at district_id organization_id student_id reference actor requested_by enrollments",
		},
		"ExternalIdentity": {
			table:  "external_identities",
			update: []columns{{names: "last_used_at", may: server}},
			fixed:  "created_at issuer subject educator_id",
			edges:  "Educator",
		},
		"FactorChallenge": {
			table: "factor_challenges",
			fixed: "created_at educator_id purpose session_id token_hash state expires_at",
			edges: "Educator",
		},
		"FormerEnrollment": {table: "former_enrollments", fixed: "created_at student_id group_id", edges: "Student"},
		"FormerSchool":     {table: "former_schools", fixed: "created_at student_id organization_id came_at"},
		"Group": {
			table:  "groups",
			read:   ask.group,
			create: ask.createsGroup,
			update: []columns{{names: "name name_key external_id synced student_count version", may: ask.group}},
			remove: ask.administersGroups,
			fixed:  "created_at district_id organization_id",
			edges:  "Organization Enrollments Teaching",
		},
		"GroupEducator": {
			table:  "group_educators",
			read:   ask.ofGroup,
			create: ask.letsTeach,
			remove: ask.ofGroup,
			fixed:  "created_at group_id educator_id",
			edges:  "Group Educator",
		},
		"Lease": {table: "leases", update: []columns{{names: "owner until fence done_at", may: server}}, fixed: "created_at name"},
		"Loss": {
			table:  "losses",
			update: []columns{{names: "number", may: server}},
			fixed:  "created_at district_id organization_id actor_id job_id undo thing verb subject_id left_at",
		},
		"LossHead": {table: "loss_heads", update: []columns{{names: "version", may: server}}, fixed: "created_at district_id"},
		"OneTimeLink": {
			table:  "one_time_links",
			update: []columns{{names: "used_at", may: server}},
			fixed:  "created_at educator_id purpose token_hash expires_at second_factor provider",
			edges:  "Educator",
		},
		"Organization": {
			table: "organizations",
			read:  ask.organization, readByKey: ask.organizationOfKey,
			create: ask.createsSchool,
			update: []columns{
				{may: ask.districtOf, names: "name name_key external_id retention_days retention_changed_at job_days erased_students usage_counted_from"},
				{
					may: ask.organizationAdministered,
					names: "school_year_starts_on school_year_ends_on usage_goal_minutes time_zone password_min_length " +
						"password_required hold_deleted_percent hold_changed_percent pending_settings second_factor_required",
				},
				{may: server, names: "district_id parent_id"},
			},
			fixed: "created_at type",
			edges: "Parent Children",
		},
		"Passkey": {
			table:  "passkeys",
			update: []columns{{names: "name backed_up sign_count second_only last_used_at", may: server}},
			fixed:  "created_at educator_id credential_hash credential_id public_key aaguid transports backup_eligible",
			edges:  "Educator",
		},
		"Product":             {table: "products", read: seenByAll, fixed: "created_at code"},
		"RecoveryCode":        {table: "recovery_codes", fixed: "created_at educator_id code_hash", edges: "Educator"},
		"RegisteredOperation": {table: "registered_operations", fixed: "created_at sha256 client name kind document"},
		"RoleAssignment": {
			table:  "role_assignments",
			read:   ask.role,
			create: ask.givesRole,
			fixed:  "created_at educator_id organization_id district_id role",
			edges:  "Educator Organization",
		},
		"ServiceKey": {
			table:  "service_keys",
			read:   ask.administers,
			create: ask.makesKey,
			update: []columns{{names: "last_used_at revoked_at", may: ask.administers}},
			fixed:  "created_at district_id organization_id agent_id name scopes key_hash beginning created_by expires_at",
			edges:  "Organization Agent Creator",
		},
		"Session": {
			table: "sessions",
			read:  ask.own, beforeSecondFactor: true,
			update: []columns{{names: "expires_at last_used_at second_factor proved_at", may: server}},
			fixed:  "created_at educator_id token_hash address user_agent provider",
			edges:  "Educator",
		},
		"SignInMark": {table: "sign_in_marks", update: []columns{{names: "until_ms", may: server}}, fixed: "created_at mark"},
		"Student": {
			table:  "students",
			read:   ask.student,
			create: ask.createsStudent,
			update: []columns{
				{
					may: ask.studentEdited,
					names: "external_id username username_key first_name last_name sort_name grade password_hash synced " +
						"group_count ungrouped seconds_this_year active last_active_at version",
				},
				{may: ask.studentAdministered, names: "deleted_at returned_at gone_at moved_at"},
				{may: ask.studentAdministered, names: "organization_id", notTo: ask.notAdministeredSchool},
			},
			fixed: "created_at district_id",
			edges: "Organization Enrollments Usage SearchWords",
		},
		"StudentWord": {table: "student_words", fixed: "created_at student_id district_id word", edges: "Student"},
		"TakenAnswer": {table: "taken_answers", update: []columns{{names: "answers", may: server}}, fixed: "created_at educator_id day"},
		"TotpSecret": {
			table:  "totp_secrets",
			update: []columns{{names: "last_step last_used_at", may: server}},
			fixed:  "created_at educator_id secret",
			edges:  "Educator",
		},
		"UsageDay":   {table: "usage_days", read: ask.ofStudent, update: []columns{{names: "seconds", may: server}}, fixed: "created_at student_id product_id day", edges: "Student Product"},
		"UsageEvent": {table: "usage_events", fixed: "created_at district_id event_id student_id"},
		"UsageTotal": {
			table:  "usage_totals",
			update: []columns{{names: "seconds", may: server}},
			fixed:  "created_at district_id organization_id product_id week_ending",
			edges:  "Organization Product",
		},
	}
}

// What people may create and change, if it differs from what they see.

func (a ask) isAdmin() bool { return a.is(viewer.DistrictAdmin, viewer.SchoolAdmin) }

func (a ask) createsEducator(r row) bool { return a.isAdmin() && r.id("district_id") == a.v.DistrictID }

// changesEducator is refused to people who administer nothing.
func (a ask) changesEducator(r row) bool { return a.educatorEdited(r) }

func (a ask) administersGroups(r row) bool { return a.administers(r) }

// consistent says whether a new row names the district that its organization is in.
func (a ask) consistent(r row) bool {
	return a.find("organizations", r.id("organization_id")).id("district_id") == r.id("district_id")
}

func (a ask) isSchool(id int) bool { return a.find("organizations", id).text("type") == "SCHOOL" }

func (a ask) createsGroup(r row) bool {
	id := r.id("organization_id")
	return a.consistent(r) && a.isSchool(id) && a.organization(a.find("organizations", id))
}

func (a ask) createsStudent(r row) bool {
	id := r.id("organization_id")
	return a.consistent(r) && a.isSchool(id) && a.organization(a.find("organizations", id))
}

func (a ask) notAdministeredSchool(id int) bool {
	return !a.isSchool(id) || !a.organizationAdministered(a.find("organizations", id))
}

func (a ask) createsSchool(r row) bool {
	return r.text("type") == "SCHOOL" && a.districtOf(r) && r.id("parent_id") == r.id("district_id")
}

func (a ask) enrolls(r row) bool { return a.ofStudent(r) && a.ofGroup(r) }

func (a ask) letsTeach(r row) bool {
	return a.ofGroup(r) && a.educator(a.find("educators", r.id("educator_id")))
}

func (a ask) givesRole(r row) bool {
	return a.isAdmin() && a.consistent(r) &&
		a.organizationAdministered(a.find("organizations", r.id("organization_id"))) &&
		a.find("educators", r.id("educator_id")).id("district_id") == r.id("district_id") &&
		a.find("educators", r.id("educator_id")).id("service") == 0
}

// makesKey is true in the viewer's own name, for no agent or for a program's account with
// no more rights than the maker can give.
func (a ask) makesKey(r row) bool {
	agent := a.find("educators", r.id("agent_id"))
	return a.consistent(r) && a.administers(r) && r.id("created_by") == a.v.EducatorID &&
		(r.id("agent_id") == 0 || agent.id("service") == 1 && a.educatorGranted(agent))
}

func (a ask) submits(r row) bool {
	if r.id("submitted_by") != a.v.EducatorID || !a.consistent(r) {
		return false
	}
	kind, at := r.text("kind"), r.id("organization_id")
	selected := at == a.v.DistrictID &&
		(kind == "EDIT_STUDENTS" && a.is(viewer.Teacher) ||
			a.isAdmin() && (kind == "EDIT_STUDENTS" || kind == "DELETE_STUDENTS"))
	return a.administers(r) || teachersKind(kind) && a.holds(at, viewer.Teacher) || selected
}

func (a ask) submitsByKey(r row) bool {
	at := a.find("organizations", r.id("organization_id"))
	return r.id("submitted_by") == a.v.Key.AgentID && a.consistent(r) && a.organizationOfKey(at) &&
		a.v.Has(viewer.RosterImport)
}
