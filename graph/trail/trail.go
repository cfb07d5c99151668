// Package trail collects what an operation does that the audit trail must know, besides
// changes, which are recorded where they are made.
package trail

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// notes are what an operation does that the audit trail must know, besides changes, which
// are recorded where they are made.
type notes struct {
	mu sync.Mutex
	// students is how many were given out in lists, and with which filters.
	students       int
	lists, filters map[string]bool
	// organizations are those that the lists were limited to; 0 stands for no limit.
	organizations map[int]bool
	// entries is how many entries of the audit trail were given out.
	entries int
	// reader is who has read. Somebody who signs in is known only afterwards.
	reader audit.Actor
	// refusals are codes, each with the first caller who was refused.
	refusals map[string]audit.Actor
	// watched is true if a subscription that gives out personal data was recorded.
	watched bool
}

type notesKey struct{}

func notesOf(ctx context.Context) *notes {
	n, _ := ctx.Value(notesKey{}).(*notes)
	return n
}

// Reading is one list of students, or of changes of a job that name students.
type Reading struct {
	List         string
	Students     int
	Organization int
	Filters      []string
}

// NoteRead notes that personal data is given out. It costs no statement: everything that
// an operation gives out is one entry, which is written in the background.
func NoteRead(ctx context.Context, r Reading) {
	n := notesOf(ctx)
	if n == nil || r.Students == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lists == nil {
		n.lists, n.filters = map[string]bool{}, map[string]bool{}
	}
	if n.organizations == nil {
		n.organizations = map[int]bool{}
	}
	n.reader = audit.ActorOf(ctx)
	n.students += r.Students
	n.lists[r.List] = true
	n.organizations[r.Organization] = true
	for _, f := range r.Filters {
		n.filters[f] = true
	}
}

// NoteEntries notes that entries of the audit trail are given out, about one
// organization or, for 0, about all that the viewer sees.
func NoteEntries(ctx context.Context, entries, organization int) {
	n := notesOf(ctx)
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.organizations == nil {
		n.organizations = map[int]bool{}
	}
	n.reader = audit.ActorOf(ctx)
	n.entries += entries
	n.organizations[organization] = true
}

// NoteRefusal notes a refusal because of who asked.
func NoteRefusal(ctx context.Context, code string) {
	n := notesOf(ctx)
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refusals == nil {
		n.refusals = map[string]audit.Actor{}
	}
	if _, known := n.refusals[code]; !known {
		n.refusals[code] = audit.ActorOf(ctx)
	}
}

// guesses are the codes of errors for somebody who guesses a secret.
var guesses = map[string]bool{
	"RATE_LIMITED":      true,
	"LINK_ENDED":        true,
	"CODE_ENDED":        true,
	"CHALLENGE_ENDED":   true,
	"WRONG_CODE":        true,
	"WRONG_PASSKEY":     true,
	"WRONG_CREDENTIALS": true,
}

// NoteFault notes the errors that depend on who asked, not on the input.
func NoteFault(ctx context.Context, err error) {
	if refusals, several := errors.AsType[roster.Refusals](err); several {
		for _, f := range refusals {
			NoteFault(ctx, f)
		}
		return
	}
	if f := fault.From(err); f != nil {
		switch {
		case f.Kind == fault.Forbidden, f.Kind == fault.NotFound:
			NoteRefusal(ctx, problem.Code(f.Kind))
		case guesses[f.Code]:
			NoteRefusal(ctx, f.Code)
		}
	}
}

// OnRecord names an operation, and records what it has read and what it was refused. It
// comes before everything that refuses operations.
func OnRecord(service *audit.Service) graphql.OperationMiddleware {
	return recorder{service}.operation
}

// recorder writes the notes of operations to the audit trail.
type recorder struct{ audit *audit.Service }

func (r recorder) operation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	ctx = viewer.WithOperation(ctx, operationName(oc))
	n := &notes{}
	handler := next(context.WithValue(ctx, notesKey{}, n))
	if oc.Operation.Operation == ast.Subscription && givesOutPeople(oc) {
		n.watched = true
		if err := r.recordWatch(ctx); err != nil {
			return problem.RefusedBy(problem.Presented(fault.From(err)))
		}
	}
	return func(inner context.Context) *graphql.Response {
		answer := handler(inner)
		if answer != nil {
			for _, e := range answer.Errors {
				code, _ := e.Extensions["code"].(string)
				if refusalCodes[code] {
					NoteRefusal(context.WithValue(ctx, notesKey{}, n), code)
				}
			}
		}
		if err := r.recordNotes(ctx, n, oc.Operation.Operation); err != nil && answer != nil {
			return notGivenOut(oc.Operation.Operation, err)
		}
		return answer
	}
}

// notGivenOut replaces an answer that could not be recorded. What a mutation has changed
// stays changed.
func notGivenOut(kind ast.Operation, err error) *graphql.Response {
	f := fault.From(err)
	if kind == ast.Mutation {
		f = problem.ErrMade
	}
	return &graphql.Response{Errors: gqlerror.List{problem.Presented(f)}}
}

// refusalCodes are the errors of an operation that depend on who asked.
var refusalCodes = map[string]bool{
	"UNAUTHENTICATED": true, "FORBIDDEN": true, "NOT_FOUND": true, share.TooManyRequests: true,
}

// recordNotes passes the notes to the audit trail and starts over, because a subscription
// has more than one answer. If it fails, nothing may be given out.
func (r recorder) recordNotes(ctx context.Context, n *notes, kind ast.Operation) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(n.refusals)) {
		who := n.refusals[code]
		r.audit.Refused(ctx,
			audit.Event{
				Action:         audit.AccessRefused,
				Code:           code,
				DistrictID:     who.DistrictID,
				OrganizationID: who.OrganizationID,
				Actor:          &who,
			})
	}
	if kind == ast.Subscription {
		if n.students > 0 && !n.watched {
			n.watched = true
			err = r.recordWatch(ctx)
		}
	} else {
		// The change itself records the payload of a mutation, but not the lists that can be
		// selected below it.
		who := n.reader
		about := n.about(who)
		if n.students > 0 {
			e := audit.Event{Action: audit.StudentsRead, DistrictID: who.DistrictID, OrganizationID: about, Actor: &who,
				Facts: audit.Facts{"students": n.students, "lists": slices.Sorted(maps.Keys(n.lists))}}
			if len(n.filters) > 0 {
				e.Facts["filters"] = slices.Sorted(maps.Keys(n.filters))
			}
			err = r.audit.Read(ctx, e)
		}
		if n.entries > 0 && err == nil {
			err = r.audit.Read(ctx,
				audit.Event{
					Action:         audit.AuditRead,
					DistrictID:     who.DistrictID,
					OrganizationID: about,
					Actor:          &who,
					Facts:          audit.Facts{"entries": n.entries},
				})
		}
	}
	n.students, n.entries, n.lists, n.filters, n.organizations, n.refusals = 0, 0, nil, nil, nil, nil
	return err
}

// about is the organization that all lists were limited to, or otherwise where the reader
// belongs.
func (n *notes) about(who audit.Actor) int {
	if len(n.organizations) == 1 {
		for id := range n.organizations {
			if id != 0 {
				return id
			}
		}
	}
	return who.OrganizationID
}

// uploadOperation stands in for the name of an operation that was not read, because its
// file was refused.
const uploadOperation = "(upload)"

// RefuseUpload records a file that was refused before it was read.
func RefuseUpload(ctx context.Context, service *audit.Service, why *fault.Error) {
	who := audit.ActorOf(ctx)
	code, _ := problem.Extensions(why)["code"].(string)
	service.Refused(viewer.WithOperation(ctx, uploadOperation), audit.Event{
		Action: audit.AccessRefused, Code: code, DistrictID: who.DistrictID, OrganizationID: who.OrganizationID})
}

// recordWatch records the start of a subscription whose answers give out personal data.
func (r recorder) recordWatch(ctx context.Context) error {
	who := audit.ActorOf(ctx)
	return r.audit.Read(ctx,
		audit.Event{Action: audit.StudentsWatched, DistrictID: who.DistrictID, OrganizationID: who.OrganizationID})
}

// givesOutPeople reports whether the fields of a subscription are about people.
func givesOutPeople(oc *graphql.OperationContext) bool {
	for _, f := range selection.Collect(oc, oc.Operation.SelectionSet) {
		for _, list := range []string{"changes", "changedRows", "problems", "problemGroups", "refusedRows",
			"missingStudents"} {
			if selection.Within(oc, selection.Collect(oc, f.Selections), []string{list}) {
				return true
			}
		}
	}
	return false
}

// operationName is the name of an operation, or its fields if it has none.
func operationName(oc *graphql.OperationContext) string {
	if name := oc.Operation.Name; name != "" {
		return name
	}
	var fields []string
	for _, s := range oc.Operation.SelectionSet {
		if f, ok := s.(*ast.Field); ok && !slices.Contains(fields, f.Name) {
			fields = append(fields, f.Name)
		}
	}
	return "{" + strings.Join(fields, " ") + "}"
}

// FilterKinds names the filters that are set. It does not record the searched text.
func FilterKinds(f *model.StudentFilter) (kinds []string) {
	if f == nil {
		return nil
	}
	for name, set := range map[string]bool{
		"groupIds": f.GroupIds != nil, "noGroups": f.NoGroups != nil, "active": f.Active != nil, "grades": f.Grades != nil,
		"productCodes": f.ProductCodes != nil, "synced": f.Synced != nil, "search": f.Search != nil,
		"notInJob": f.NotInJob != nil,
	} {
		if set {
			kinds = append(kinds, name)
		}
	}
	return kinds
}
