package privacy_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/migrate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// place says what happens to a column of a table with data of students: the path in a
// record that shows it, or why no record does. TestAPurgeErasesEverything, which looks
// into every column, checks that it is erased.
type place map[string]string

// aboutStudents are the tables that hold data of students. Columns that every table
// has are left out.
var aboutStudents = map[string]place{
	"students": withFields(place{
		"district_id": "student.districtId", "organization_id": "student.schoolId", "username_key": "student.usernameForMatching",
		"sort_name": "student.nameForSorting", "password_hash": "student.hasPassword", "synced": "student.synced", "group_count": "groups",
		"ungrouped": "groups", "seconds_this_year": "student.secondsThisSchoolYear", "active": "student.active",
		"last_active_at": "student.lastActiveAt", "deleted_at": "student.deletedAt", "returned_at": "student.returnedAt",
		"gone_at":  "student.goneAt",
		"moved_at": "student.movedAt", "version": "student.version",
	}),
	"student_words": {"student_id": "student.id", "district_id": "student.districtId", "word": "student.searchWords.0"},
	"enrollments":   {"student_id": "student.id", "group_id": "groups.0.id"},
	"former_schools": {"student_id": "student.id", "organization_id": "-told in auditEntries",
		"came_at": "student.leftSchools.0.cameAt"},
	"former_enrollments": {"student_id": "student.id", "group_id": "formerGroups"},
	"usage_days":         {"student_id": "student.id", "product_id": "usageDays.0.product", "day": "usageDays.0.day", "seconds": "usageDays.0.seconds"},
	"usage_events":       {"district_id": "student.districtId", "student_id": "student.id", "event_id": "usageEvents.0.eventId"},
	"bulk_job_rows": {
		"job_id": "bulkJobRows.0.job", "row": "bulkJobRows.0.row", "target_id": "student.id", "label": "bulkJobRows.label",
		"plan": "bulkJobRows.changes", "change_count": "bulkJobRows.changes", "before": "bulkJobRows.replaced", "state": "bulkJobRows.state",
		"target_version": "-bookkeeping of the job", "outside": "-bookkeeping of the job", "applied_version": "-bookkeeping of the job",
		"loses": "-bookkeeping of the job", "undo_loses": "-bookkeeping of the job",
	},
	"bulk_job_problems": {
		"job_id": "bulkJobRows.0.job", "row": "bulkJobRows.0.row", "column": "bulkJobRows.problems", "severity": "bulkJobRows.problems",
		"code": "bulkJobRows.problems", "sealed": "-value, message and hint, encrypted", "value": "bulkJobRows.problems", "message": "-a sentence that may name somebody else", "hint": "-a sentence that may name somebody else",
		"candidates": "bulkJobRows.problems", "outside": "-bookkeeping of the job", "cause": "-a digest of the value",
	},
	"bulk_job_seens": {
		"job_id": "-bookkeeping of the job", "thousand": "-which keys were in a file, until the job's rows are removed",
		"marks": "-which keys were in a file, until the job's rows are removed",
	},
	"bulk_job_refused_rows": {
		"job_id": "bulkJobRows.0.job", "row": "bulkJobRows.0.row", "cells": "bulkJobRows.cells", "n": "-bookkeeping of the job", "password": "-never told",
		"extra": "-bookkeeping of the job", "had_password": "-bookkeeping of the job", "refused": "-bookkeeping of the job", "outside": "-bookkeeping of the job",
	},
	"audit_details": {
		"district_id": "student.districtId", "seq": "-place in the chain", "position": "-place in the chain", "subject_type": "-always a student", "subject_id": "student.id",
		"salt": "-secret", "body": "auditEntries.changes", "digest": "-computed from the body",
	},
	"erasures": {
		"district_id": "-the student is hidden", "organization_id": "-the student is hidden", "student_id": "-the key of a student who is hidden, and stays as in the audit trail",
		"reference": "-names nobody", "actor": "-who asked", "requested_by": "-who asked", "enrollments": "-a number", "state": "-how far it is", "jobs_total": "-how far it is",
		"jobs_done": "-how far it is", "at_job": "-how far it is", "at_step": "-how far it is", "at_row": "-how far it is", "through_job": "-how far it is",
		"again": "-how far it is", "certificate": "-says nobody's name", "finished_at": "-how far it is",
	},
	"losses": {
		"district_id": "student.districtId", "organization_id": "student.schoolId", "subject_id": "student.id", "actor_id": "-told in auditEntries, and gone after a day",
		"job_id": "bulkJobRows.0.job", "undo": "-told in auditEntries", "thing": "-always a student", "verb": "-told in auditEntries", "number": "-always 1",
		"left_at": "student.leftSchools.0.leftAt",
	},
	"bulk_jobs":    {"file_name": "bulkJobRows.fileName"},
	"audit_events": {"action": "auditEntries.0.action", "actor_kind": "auditEntries.0.by", "actor_id": "auditEntries.byId", "roles": "auditEntries.roles"},
}

// withFields adds the fields that people write, which a record shows under the names of
// the API.
func withFields(p place) place {
	for _, f := range roster.StudentFields.Values() {
		p[f.DB] = "student." + f.API
	}
	return p
}

// aboutNobody are the tables that hold nothing of a student, each with the reason.
var aboutNobody = map[string]string{
	"organizations": "districts and schools", "educators": "people with accounts", "groups": "classes; who is in them stands in enrollments",
	"group_educators": "who teaches", "role_assignments": "roles of educators", "sessions": "sign-ins of educators", "one_time_links": "links for educators",
	"external_identities": "accounts of educators elsewhere", "service_keys": "keys of programs", "sign_in_marks": "hashes about attempts to sign in",
	"products": "codes of learning programs", "usage_totals": "sums in which nobody is found", "leases": "which server works", "audit_heads": "ends of the chains",
	"registered_operations": "documents of apps", "taken_answers": "how often an educator was told that something is taken", "bulk_job_marks": "how far jobs are", "bulk_job_chunks": "encrypted files, removed when the job ends",
	"totp_secrets": "secrets of educators", "recovery_codes": "hashes of codes of educators", "passkeys": "keys of educators", "factor_challenges": "sign-ins of educators that have begun",
	"account_hands": "who could sign in with accounts of educators", "loss_heads": "numbers that grow when losses are added up",
}

// TestEveryTableIsThoughtOf fails for a new table or column until somebody has decided
// whether it holds data of students, and where a record shows it.
func TestEveryTableIsThoughtOf(t *testing.T) {
	t.Parallel()
	for _, table := range migrate.Tables {
		columns, about := aboutStudents[table.Name]
		if !about {
			if aboutNobody[table.Name] == "" {
				t.Errorf("does %s hold data of students? Then privacy.Record tells them and a purge erases them, "+
					"and aboutStudents says where; otherwise aboutNobody says why not", table.Name)
			}
			for _, c := range table.Columns {
				if strings.Contains(c.Name, "student") && c.Name != "student_count" && c.Name != "erased_students" {
					t.Errorf("%s.%s is about a student, and %s is among the tables about nobody", table.Name, c.Name, table.Name)
				}
			}
			continue
		}
		if table.Name == "bulk_jobs" || table.Name == "audit_events" {
			continue // Only columns that a record shows are listed.
		}
		for _, c := range table.Columns {
			if c.Name != "id" && c.Name != "created_at" && columns[c.Name] == "" {
				t.Errorf("does a record tell %s.%s? aboutStudents says where, or why not", table.Name, c.Name)
			}
		}
	}
}

// record returns the record of a student as a value.
func (w *world) record(who *db.Educator, id int) (map[string]any, string) {
	w.t.Helper()
	var out bytes.Buffer
	if err := w.privacy.Record(w.As(w.t, who), &out, id); err != nil {
		w.t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		w.t.Fatalf("not JSON: %v\n%s", err, out.String())
	}
	return doc, out.String()
}

// at reports whether there is something at a path; a list without a number stands for any
// of its elements.
func at(v any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch x := v.(type) {
	case map[string]any:
		next, there := x[path[0]]
		return there && at(next, path[1:])
	case []any:
		for i, e := range x {
			rest := path
			if path[0] == "0" {
				if i > 0 {
					break
				}
				rest = path[1:]
			}
			if at(e, rest) {
				return true
			}
		}
	}
	return false
}

func TestARecordTellsEverything(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		st := w.writeEverywhere()
		doc, text := w.record(w.NorthAdmin, st.ID)
		if doc["format"] != "homeroom student record" || doc["version"] != 1.0 {
			t.Errorf("%v %v", doc["format"], doc["version"])
		}
		for table, columns := range aboutStudents {
			for column, path := range columns {
				if !strings.HasPrefix(path, "-") && !at(doc, strings.Split(path, ".")) {
					t.Errorf("%s.%s should stand at %s", table, column, path)
				}
			}
		}
		for _, v := range marks {
			if !strings.Contains(strings.ToLower(text), strings.ToLower(v)) {
				t.Errorf("the record does not tell %q", v)
			}
		}
		for _, secret := range []string{st.PasswordHash, "first-secret", "second-secret", "third-secret", "argon2", "Taken",
			"Other", "other.one"} {
			if strings.Contains(text, secret) {
				t.Errorf("the record tells %q", secret)
			}
		}
		t.Run("of a deleted student it tells until when the data are kept, and the groups of the past", func(t *testing.T) {
			if err := w.roster.DeleteStudents(w.As(t, w.NorthAdmin), []int{st.ID}); err != nil {
				t.Fatal(err)
			}
			doc, _ := w.record(w.DistrictAdmin, st.ID)
			if p := doc["student"].(map[string]any); p["deletedAt"] == nil || p["purgeAt"] != "2027-02-16T15:00:00Z" ||
				!at(doc, []string{"formerGroups", "0", "name"}) {
				t.Errorf("%v %v", doc["student"], doc["formerGroups"])
			}
		})
		t.Run("others do not get it", func(t *testing.T) {
			here := w.Student(t, w.North, "Here", "Now", 0, w.Algebra)
			for who, want := range map[*db.Educator]fault.Kind{
				w.NorthTeacher: fault.Forbidden,
				w.SouthAdmin:   fault.NotFound,
				w.BetaAdmin:    fault.NotFound,
			} {
				if err := w.privacy.Record(w.As(t, who), io.Discard, here.ID); fault.KindOf(err) != want {
					t.Errorf("%s: %v", who.Email, err)
				}
			}
			if err := w.privacy.Record(w.As(t, w.NorthTeacher), io.Discard, st.ID); fault.KindOf(err) != fault.NotFound {
				t.Errorf("a deleted student: %v", err)
			}
		})
		t.Run("after an erasure there is none", func(t *testing.T) {
			if _, err := w.privacy.Erase(w.As(t, w.NorthAdmin), []privacy.Confirmed{{ID: st.ID, ExternalID: "ZYX-0042"}},
				"letter 17", nil); err != nil {
				t.Fatal(err)
			}
			if err := w.privacy.Record(w.As(t, w.NorthAdmin), io.Discard, st.ID); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%v", err)
			}
		})
	})
}
