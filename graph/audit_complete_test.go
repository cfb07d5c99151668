package graph_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// recorded says what each mutation leaves in the audit trail when it succeeds.
var recorded = map[string]audit.Action{
	"signIn": audit.SignedIn, "signInWithCode": audit.SignedIn, "signOut": audit.SignedOut,
	"revokeSession": audit.SessionsRevoked, "revokeOtherSessions": audit.SessionsRevoked,
	"completeSignIn": audit.SignedIn, "finishPasskeySignIn": audit.SignedIn, "proveIdentity": audit.IdentityProved,
	"confirmTotpEnrollment": audit.SecondFactorAdded, "removeTotp": audit.SecondFactorRemoved,
	"finishPasskeyRegistration": audit.SecondFactorAdded, "renamePasskey": audit.PasskeyRenamed, "removePasskey": audit.SecondFactorRemoved,
	"regenerateRecoveryCodes": audit.RecoveryCodesMade, "resetSecondFactors": audit.SecondFactorsReset,
	"disableEducator": audit.EducatorDisabled, "enableEducator": audit.EducatorEnabled,
	"setEducatorRole": audit.EducatorRolesChanged, "endEducatorRole": audit.EducatorRolesChanged,
	"resendInvitation": audit.EducatorInvited, "withdrawInvitation": audit.EducatorDisabled, "changePassword": audit.PasswordSet,
	"requestPasswordReset": audit.LinkRequested, "setPasswordByLink": audit.PasswordSet,
	"inviteEducator": audit.EducatorInvited, "createServiceKey": audit.KeyCreated, "revokeServiceKey": audit.KeyRevoked,
	"updateOrganizationSettings": audit.SettingsChanged, "approvePendingSetting": audit.SettingApproved, "withdrawPendingSetting": audit.SettingWithdrawn,
	"createGroup": audit.GroupCreated, "updateGroup": audit.GroupUpdated, "deleteGroup": audit.GroupDeleted,
	"assignStudentsToGroups": audit.StudentsAssigned, "removeStudentsFromGroups": audit.StudentsRemoved,
	"createStudent": audit.StudentCreated, "updateStudent": audit.StudentUpdated, "deleteStudents": audit.StudentsDeleted,
	"restoreStudents": audit.StudentsRestored, "eraseStudents": audit.ErasureRequested,
	"submitBulkImport": audit.JobSubmitted, "bulkEditStudents": audit.JobSubmitted, "bulkDeleteStudents": audit.JobSubmitted,
	"startBulkJob": audit.JobStarted, "approveBulkJob": audit.JobApproved, "cancelBulkJob": audit.JobCanceled, "undoBulkJob": audit.JobUndoRequested,
	"correctBulkJobRow": audit.JobRowCorrected,
	"recordUsage":       audit.UsageRecorded,
}

// recordsNothing are the mutations that leave no entry, each with its reason.
var recordsNothing = map[string]string{
	"beginPasskeySignIn":       "a step has begun, and its end is on record",
	"beginPasskeyProof":        "a step has begun, and its end is on record",
	"beginPasskeyRegistration": "a step has begun, and its end is on record",
	"beginTotpEnrollment":      "a step has begun, and its end is on record",
}

// nothingHappens are the rows of the authorization table that succeed and change
// nothing, so that there is nothing to record.
var nothingHappens = map[string]string{
	"assignStudentsToGroups": "the student is in the group already",
	"signOut as nobody":      "there is no session",

	"beginPasskeySignIn": "a step has begun", "beginPasskeyRegistration": "a step has begun", "beginTotpEnrollment": "a step has begun",
}

// refusedOnRecord are the outcomes that are about who asked.
var refusedOnRecord = []string{un, nf, no, over, ended, stale}

func TestEveryMutationIsOnRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		succeeded := map[string]bool{}
		for i, row := range authorization {
			if !strings.HasPrefix(row.operation, "mutation") {
				continue
			}
			if row.field != authorization[i-1].field {
				s.minutes.Add(1)
			}
			for column, caller := range callerNames {
				if row.field == "revokeOtherSessions" && caller != "nobody" {
					s.signInAgain(t, s.callers()[caller])
				}
				// The name of the operation finds its entries.
				name := fmt.Sprintf("Cell%dx%d", i, column)
				operation := strings.Replace(s.cell(t, fmt.Sprintf("trail%d.%d", i, column), row.operation), "mutation",
					"mutation "+name, 1)
				outcome := s.outcome(t, s.callers()[caller], operation)
				actions := s.actionsOf(t, name)
				if row.field == "submitBulkImport" && outcome == un {
					// Nothing is read of what a stranger uploads, its name neither.
					actions = s.actionsOf(t, "(upload)")
				}
				what := fmt.Sprintf("%s %s as %s (%s)", row.field, row.what, caller, outcome)
				switch {
				case nothingHappens[row.field] != "" && outcome == ok, nothingHappens[row.field+" as "+caller] != "":
					if len(actions) > 0 {
						t.Errorf("%s recorded %v", what, actions)
					}
				case outcome == ok:
					succeeded[row.field] = true
					if !slices.Contains(actions, recorded[row.field]) {
						t.Errorf("%s recorded %v; want %s", what, actions, recorded[row.field])
					}
				case slices.Contains(refusedOnRecord, outcome):
					if !slices.Equal(actions, []audit.Action{audit.AccessRefused}) {
						t.Errorf("%s recorded %v; want %s", what, actions, audit.AccessRefused)
					}
				}
			}
		}
		for field, change := range s.further(t) {
			t.Run(field, func(t *testing.T) {
				name := "Further_" + field
				who, operation, want := change(t)
				if a := s.ask(t, who, strings.Replace(operation, "mutation", "mutation "+name, 1), nil); len(a.Errors) > 0 ||
					strings.Contains(fmt.Sprint(a.Data), "code:") {
					t.Fatalf("%+v", a)
				}
				if actions := s.actionsOf(t, name); !slices.Contains(actions, recorded[strings.TrimRight(field, "2")]) {
					t.Errorf("%v", actions)
				}
				told := s.toldBy(t, name)
				for _, part := range want {
					if !strings.Contains(told, part) {
						t.Errorf("the entry says %s; want %s", told, part)
					}
				}
				succeeded[strings.TrimRight(field, "2")] = true
			})
		}
		for _, field := range rootFields(t) {
			kind, name, _ := strings.Cut(field, ".")
			if kind == "Mutation" && !succeeded[name] && recordsNothing[name] == "" {
				t.Errorf("%s was never seen to succeed and be recorded, and is not listed as recording nothing", name)
			}
		}
		s.noPasswordIsOnRecord(t)
		for _, chain := range []int{0, s.Alpha.ID, s.Beta.ID} {
			if v, err := audit.Verify(t.Context(), d, chain, ""); err != nil || v.Damage != nil {
				t.Errorf("chain %d: %v %+v", chain, err, v.Damage)
			}
		}
	})
}

// further are successes that the authorization table does not have, with what the
// entry must say.
func (s *server) further(t *testing.T) map[string]func(*testing.T) (*db.Educator, string, []string) {
	t.Helper()
	system := fixture.System()
	named := func(operation string, extra map[string]string) string { return s.names(extra).Replace(operation) }
	finished := func(t *testing.T) string {
		a := s.upload(t, s.DistrictAdmin,
			named(`mutation($file: Upload!) { submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_GROUPS, file:
				$file}) { job { id } } }`, nil), "groups.csv", "Name,School\nOnly here,North School\n")
		id, _ := a.at("submitBulkImport.job.id").(string)
		if err := s.importer.Drain(system); err != nil {
			t.Fatal(err)
		}
		s.ask(t, s.DistrictAdmin, fmt.Sprintf(`mutation { startBulkJob(id: %q) { userErrors { code } } }`, id), nil)
		if err := s.importer.Drain(system); err != nil {
			t.Fatal(err)
		}
		return id
	}
	changes := s.furtherFactors(t)
	maps.Copy(changes, map[string]func(*testing.T) (*db.Educator, string, []string){
		"updateStudent": func(t *testing.T) (*db.Educator, string, []string) {
			st := s.Student(t, s.North, "Ada", "Byron", 0, s.Algebra)
			return s.NorthAdmin,
				named(`mutation { updateStudent(input: {id: "{{S}}", lastName: "Lovelace", grade: "8", password:
					"enchantress of numbers"}) { userErrors { code } } }`, map[string]string{"S": studentID(st)}), []string{`{"field":"lastName","before":"Byron","after":"Lovelace"}`, `{"field":"grade","before":"7","after":"8"}`,
					`{"field":"password","before":null,"after":"set"}`}
		},
		"createStudent": func(t *testing.T) (*db.Educator, string, []string) {
			return s.NorthTeacher,
				named(`mutation { createStudent(input: {organizationId: "{{North}}", externalId: "N77", firstName: "Alan", lastName:
					"Turing", username: "alan.t", grade: "8", password: "bletchley park", groupIds: ["{{Algebra}}"]}) { userErrors { code } } }`, nil), []string{`{"field":"externalId","before":null,"after":"N77"}`,
					`{"field":"groups","before":null,"after":"` + globalid.Encode(globalid.Group, s.Algebra.ID),
					`{"field":"password","before":null,"after":"set"}`}
		},
		"assignStudentsToGroups": func(t *testing.T) (*db.Educator, string, []string) {
			st := s.Student(t, s.North, "Grace", "Hopper", 0)
			return s.NorthTeacher,
				named(`mutation { assignStudentsToGroups(input: {studentIds: ["{{S}}"], groupIds: ["{{Algebra}}"]}) { userErrors {
					code } } }`, map[string]string{"S": studentID(st)}),
				[]string{`[{"field":"groups","before":null,"after":"` + globalid.Encode(globalid.Group, s.Algebra.ID) + `"}]`}
		},
		"updateGroup": func(t *testing.T) (*db.Educator, string, []string) {
			return s.NorthAdmin,
				named(`mutation { updateGroup(input: {id: "{{Biology}}", name: "Botany", educatorIds: ["{{NorthTeacher}}"]}) {
					userErrors { code } } }`, nil), []string{`{"field":"name","before":"Biology","after":"Botany"}`,
					`{"field":"educators","before":"","after":"` + globalid.Encode(globalid.Educator, s.NorthTeacher.ID)}
		},
		"updateOrganizationSettings": func(t *testing.T) (*db.Educator, string, []string) {
			return s.SouthAdmin,
				named(`mutation { updateOrganizationSettings(input: {organizationId: "{{South}}", usageGoalMinutesPerWeek: 80}) {
					userErrors { code } } }`, nil), []string{`{"field":"usageGoalMinutesPerWeek","before":null,"after":"80"}`}
		},
		"approvePendingSetting": func(t *testing.T) (*db.Educator, string, []string) {
			s.waits(t, 7)
			return s.DistrictAdmin,
				named(`mutation { approvePendingSetting(input: {organizationId: "{{South}}", setting: HOLD_DELETED_PERCENT, value:
					7}) { organization { settings { holdDeletedPercent { value } pending { setting } } } userErrors { code } } }`,
					nil), []string{`{"field":"holdDeletedPercent","before":null,"after":"7"}`}
		},
		"withdrawPendingSetting": func(t *testing.T) (*db.Educator, string, []string) {
			s.waits(t, 9)
			return s.SouthAdmin,
				named(`mutation { withdrawPendingSetting(input: {organizationId: "{{South}}", setting: HOLD_DELETED_PERCENT}) {
					organization { id } userErrors { code } } }`, nil), nil
		},
		"revokeSession": func(t *testing.T) (*db.Educator, string, []string) {
			s.signInAgain(t, s.NorthAdmin)
			list := s.ask(t, s.NorthAdmin, `{ viewer { sessions { id current } } }`, nil).at("viewer.sessions").([]any)
			for _, row := range list {
				if row := row.(map[string]any); row["current"] == false {
					return s.NorthAdmin, fmt.Sprintf(`mutation { revokeSession(id: %q) { userErrors { code } } }`, row["id"]), nil
				}
			}
			t.Fatal("no other session")
			return nil, "", nil
		},
		"setPasswordByLink": func(t *testing.T) (*db.Educator, string, []string) {
			link, err := s.identity.Link(system, s.SouthTeacher.ID, "RESET")
			if err != nil {
				t.Fatal(err)
			}
			_, token, _ := strings.Cut(link, "#")
			s.tokens.Delete(s.SouthTeacher.ID)
			return nil, fmt.Sprintf(
				`mutation { setPasswordByLink(input: {token: %q, password: "quite another horse"}) { userErrors { code } } }`,
				token), nil
		},
		"changePassword": func(t *testing.T) (*db.Educator, string, []string) {
			e, _ := s.someone(t)
			return e, fmt.Sprintf(`mutation { changePassword(input: {currentPassword: %q, newPassword:
				"quite another zebra"}) { viewer { sessions { current } } userErrors { code } } }`, password), nil
		},
		"resendInvitation": func(t *testing.T) (*db.Educator, string, []string) {
			return s.NorthAdmin, fmt.Sprintf(`mutation { resendInvitation(educatorId: %q) { userErrors { code } } }`,
				s.invited(t, "ida")), nil
		},
		"withdrawInvitation": func(t *testing.T) (*db.Educator, string, []string) {
			return s.NorthAdmin, fmt.Sprintf(`mutation { withdrawInvitation(educatorId: %q) { educator { disabled } userErrors {
				code } } }`, s.invited(t, "ivo")), nil
		},
		"signInWithCode": func(t *testing.T) (*db.Educator, string, []string) {
			verifier := strings.Repeat("v", 43)
			sum := sha256.Sum256([]byte(verifier))
			code, err := s.identity.AppCode(context.Background(),
				identity.External{
					Provider: "Test",
					Issuer:   "https://idp.example.org",
					Subject:  "1",
					Email:    s.SouthAdmin.Email,
					Verified: true,
				}, base64.RawURLEncoding.EncodeToString(sum[:]))
			if err != nil {
				t.Fatal(err)
			}
			return nil, fmt.Sprintf(`mutation { signInWithCode(input: {code: %q, verifier: %q}) { userErrors { code } } }`,
				code, verifier), nil
		},
		"approveBulkJob": func(t *testing.T) (*db.Educator, string, []string) {
			id := s.verifiedJob(t, s.DistrictAdmin)
			k, _ := globalid.Key(globalid.BulkJob, id)
			s.Client().BulkJob.UpdateOneID(k).SetStatus(bulkjob.StatusHELD).ExecX(system)
			return s.NorthAdmin, fmt.Sprintf(`mutation { approveBulkJob(id: %q) { userErrors { code } } }`, id), nil
		},
		"undoBulkJob": func(t *testing.T) (*db.Educator, string, []string) {
			return s.DistrictAdmin, fmt.Sprintf(`mutation { undoBulkJob(id: %q) { userErrors { code } } }`, finished(t)), nil
		},
	})
	return changes
}

// invited invites somebody to North.
func (s *server) invited(t *testing.T, name string) string {
	t.Helper()
	id, _ := s.ask(t, s.NorthAdmin, s.names(map[string]string{"Name": name}).Replace(`mutation { inviteEducator(input: {
		organizationId: "{{North}}", role: TEACHER, email: "{{Name}}@example.com", firstName: "{{Name}}", lastName: "Inn"}) {
		educator { id } } }`), nil).at("inviteEducator.educator.id").(string)
	return id
}

func (s *server) signInAgain(t *testing.T, who *db.Educator) {
	t.Helper()
	ctx := viewer.NewContext(context.Background(), &viewer.Viewer{})
	if _, err := s.identity.SignIn(ctx, who.Email, password); err != nil {
		t.Fatal(err)
	}
}

// entriesOf are the entries of an operation by its name, in order.
func (s *server) entriesOf(t *testing.T, operation string) []*db.AuditEvent {
	t.Helper()
	ctx := fixture.System()
	return s.Client().AuditEvent.Query().Where(auditevent.Operation(operation)).Order(db.Asc(auditevent.FieldID)).AllX(ctx)
}

func (s *server) actionsOf(t *testing.T, operation string) (actions []audit.Action) {
	t.Helper()
	for _, e := range s.entriesOf(t, operation) {
		actions = append(actions, audit.Action(e.Action))
	}
	return actions
}

// toldBy is the text of the details of an operation's entries.
func (s *server) toldBy(t *testing.T, operation string) string {
	t.Helper()
	ctx := fixture.System()
	var parts []string
	for _, e := range s.entriesOf(t, operation) {
		for _, d := range s.Client().AuditDetail.Query().
			Where(auditdetail.DistrictID(e.DistrictID), auditdetail.Seq(e.Seq)).AllX(ctx) {
			parts = append(parts, *d.Body)
		}
	}
	return strings.Join(parts, "\n")
}

// noPasswordIsOnRecord looks in every text of the trail for the passwords that the
// tests have used, and for hashes of some.
func (s *server) noPasswordIsOnRecord(t *testing.T) {
	t.Helper()
	ctx := fixture.System()
	events, err := json.Marshal(s.Client().AuditEvent.Query().AllX(ctx))
	if err != nil {
		t.Fatal(err)
	}
	text := string(events)
	for _, d := range s.Client().AuditDetail.Query().AllX(ctx) {
		text += *d.Body
	}
	if !strings.Contains(text, "Lovelace") {
		t.Error("the trail was not read")
	}
	for _, secret := range []string{password, "enchantress", "bletchley", "quite another", "$argon2", "hrk_"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is on record", secret)
		}
	}
}
