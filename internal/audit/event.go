package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Event is what a caller records about something that happened.
type Event struct {
	Action Action
	// Code is the reason of a refusal, such as RATE_LIMITED; empty for anything else.
	Code string
	// DistrictID selects the chain. It is 0 only for what belongs to no district.
	DistrictID int
	// OrganizationID is what the event is about; its administrators see the entry. An event
	// about several schools has their district here.
	OrganizationID int
	// Target is what was acted on, and Changes is what changed about it.
	Target  Subject
	Changes Changes
	// Others are further persons or things that the event is about. The entry is found by
	// each of them.
	Others []Detail
	// JobID is the bulk job that the event belongs to, or 0.
	JobID int
	// Facts are counts and constants, never anything personal.
	Facts Facts
	// Actor is who acted, if the context cannot know: somebody who is just signing in.
	Actor *Actor
}

// Facts are counts and constants by name. Values are numbers, booleans, texts and lists of
// texts.
type Facts map[string]any

// Subject is a person or thing.
type Subject struct {
	Type globalid.Type
	ID   int
}

// On returns a subject.
func On(t globalid.Type, id int) Subject { return Subject{Type: t, ID: id} }

// Detail is what an entry says about one subject.
type Detail struct {
	Subject Subject
	Changes Changes
}

// Change is one field with its values before and after; nil stands for no value.
type Change struct {
	Field  string  `json:"field"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// Changes are the fields that have changed.
type Changes []Change

// Text adds a field if its values differ.
func (c *Changes) Text(field, before, after string) {
	if before != after {
		*c = append(*c, Change{Field: field, Before: &before, After: &after})
	}
}

// Optional adds a field that may have no value, if its values differ.
func (c *Changes) Optional(field string, before, after *string) {
	if before == nil && after == nil || before != nil && after != nil && *before == *after {
		return
	}
	*c = append(*c, Change{Field: field, Before: before, After: after})
}

// New adds a field of something that was created.
func (c *Changes) New(field, after string) {
	*c = append(*c, Change{Field: field, After: &after})
}

// Gone adds a field of something that was removed.
func (c *Changes) Gone(field, before string) {
	*c = append(*c, Change{Field: field, Before: &before})
}

// Secret adds a field whose values nobody may read.
func (c *Changes) Secret(field string) { c.New(field, "set") }

// IDs writes keys as the IDs of the API.
func IDs(t globalid.Type, keys ...int) string {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = globalid.Encode(t, k)
	}
	return strings.Join(texts, " ")
}

// ActorKind is the kind of caller.
type ActorKind string

// The kinds of actors.
const (
	Educator   ActorKind = "EDUCATOR"
	ServiceKey ActorKind = "SERVICE_KEY"
	// Operator is somebody who runs a command on the server.
	Operator ActorKind = "OPERATOR"
	// Server is the program itself: schedules and recoveries.
	Server    ActorKind = "SERVER"
	Anonymous ActorKind = "ANONYMOUS"
)

// Actor is who did something.
type Actor struct {
	Kind ActorKind
	// ID is the key of the educator or the service key.
	ID int
	// Label is the login of an operator, or the reason why the server acted.
	Label string
	// Roles are the roles at that moment.
	Roles string
	// DistrictID and OrganizationID are where the actor belongs: the school, if all roles
	// are there, otherwise the district.
	DistrictID, OrganizationID int
}

// ActorOf returns who acts in a context.
func ActorOf(ctx context.Context) Actor {
	asker := viewer.Asker(ctx)
	if login, ok := viewer.OperatorOf(ctx); ok {
		a := Actor{Kind: Operator, Label: login}
		if asker != nil {
			a.ID = asker.EducatorID
		}
		return a
	}
	switch {
	case asker != nil && (asker.Key != nil || asker.EducatorID != 0):
		return ActorOfViewer(asker)
	case asker != nil || viewer.OriginOf(ctx).Address.IsValid():
		return Actor{Kind: Anonymous}
	default:
		return Actor{Kind: Server, Label: viewer.FromContext(ctx).Reason()}
	}
}

// ActorOfViewer returns a viewer as an actor.
func ActorOfViewer(v *viewer.Viewer) Actor {
	if k := v.Key; k != nil {
		scopes := make([]string, len(k.Scopes))
		for i, s := range k.Scopes {
			scopes[i] = string(s)
		}
		return Actor{
			Kind:           ServiceKey,
			ID:             k.ID,
			Roles:          strings.Join(scopes, " "),
			DistrictID:     k.DistrictID,
			OrganizationID: k.OrganizationID,
		}
	}
	a := Actor{Kind: Educator, ID: v.EducatorID, DistrictID: v.DistrictID, OrganizationID: v.DistrictID}
	for i, r := range v.Assignments {
		if i == 0 {
			a.OrganizationID = r.OrganizationID
		} else if a.OrganizationID != r.OrganizationID {
			a.OrganizationID = v.DistrictID
		}
		if i == maxRoles {
			a.Roles += fmt.Sprintf(" and %d more", len(v.Assignments)-maxRoles)
		}
		if i < maxRoles {
			a.Roles = strings.TrimPrefix(a.Roles+" "+string(r.Role)+"@"+globalid.Encode(globalid.Organization, r.OrganizationID),
				" ")
		}
	}
	return a
}

// maxRoles is how many roles an entry lists.
const maxRoles = 6
