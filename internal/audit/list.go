package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Filter narrows a list of entries. An entry must match every field that is set.
type Filter struct {
	Actions []Action
	// Actor is an educator or a service key.
	Actor *Subject
	// ActorKind is empty for all.
	ActorKind ActorKind
	// About is a person or thing that the entry is about.
	About *Subject
	JobID int
	// From is the first moment; To is the first moment after the last.
	From, To *time.Time
}

// maxActions limits the actions of a filter.
const maxActions = 100

// List is a list of entries, newest first.
type List struct {
	db    *database.DB
	where func(*sql.Selector)
}

var errNotAdministrator = fault.Forbiddenf("administrators see the audit trail").At("organizationId")

// Events returns the entries about an organization; for a district, also those about its
// schools; for 0, all that the viewer sees. Only administrators may call it: an
// organization that they do not see is fault.NotFound, one that they do not administer is
// fault.Forbidden.
func (s *Service) Events(ctx context.Context, organizationID int, f Filter) (*List, error) {
	v := viewer.FromContext(ctx)
	if len(f.Actions) > maxActions {
		return nil, fault.Invalidf("choose at most %d actions at once", maxActions).WithCode("TOO_MANY").
			At("filter.actions")
	}
	if organizationID == 0 {
		if !v.IsAdmin() && !v.IsSystem() {
			return nil, errNotAdministrator
		}
		return &List{db: s.db, where: f.where}, nil
	}
	o, err := s.db.Client(ctx).Organization.Query().Where(organization.ID(organizationID)).Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, fault.NotFoundf("there is no such organization among those you may see").At("organizationId")
	case err != nil:
		return nil, err
	case !v.Administers(o.ID, o.DistrictID):
		return nil, errNotAdministrator
	}
	column := auditevent.FieldOrganizationID
	if o.Type == organization.TypeDISTRICT {
		column = auditevent.FieldDistrictID
	}
	return &List{db: s.db, where: func(sel *sql.Selector) {
		sel.Where(sql.EQ(sel.C(column), o.ID))
		f.where(sel)
	}}, nil
}

func (f Filter) where(s *sql.Selector) {
	if len(f.Actions) > 0 {
		actions := make([]any, len(f.Actions))
		for i, a := range f.Actions {
			actions[i] = string(a)
		}
		s.Where(sql.In(s.C(auditevent.FieldAction), actions...))
	}
	if f.Actor != nil {
		kind := map[globalid.Type]ActorKind{globalid.Educator: Educator, globalid.ServiceKey: ServiceKey}[f.Actor.Type]
		s.Where(sql.And(sql.EQ(s.C(auditevent.FieldActorID), f.Actor.ID),
			sql.EQ(s.C(auditevent.FieldActorKind), string(kind))))
	}
	if f.ActorKind != "" {
		s.Where(sql.EQ(s.C(auditevent.FieldActorKind), string(f.ActorKind)))
	}
	if f.JobID != 0 {
		s.Where(sql.EQ(s.C(auditevent.FieldJobID), f.JobID))
	}
	if f.From != nil {
		s.Where(sql.GTE(s.C(auditevent.FieldCreatedAt), f.From.UTC()))
	}
	if f.To != nil {
		s.Where(sql.LT(s.C(auditevent.FieldCreatedAt), f.To.UTC()))
	}
	if f.About != nil {
		d := sql.Table(auditdetail.Table)
		s.Where(sql.In(s.C(auditevent.FieldSeq), sql.Select(d.C(auditdetail.FieldSeq)).From(d).Where(sql.And(
			sql.EQ(d.C(auditdetail.FieldSubjectType), string(f.About.Type)), sql.EQ(d.C(auditdetail.FieldSubjectID), f.About.ID),
			sql.ColumnsEQ(d.C(auditdetail.FieldDistrictID), s.C(auditevent.FieldDistrictID))))))
	}
}

// Page returns one page of the list.
func (l *List) Page(ctx context.Context, args page.Args) (page.Result[*db.AuditEvent], error) {
	q, err := page.Parse(args, page.Order{Name: "AT", Column: auditevent.FieldCreatedAt, Desc: true})
	if err != nil {
		return page.Result[*db.AuditEvent]{}, err
	}
	rows, err := l.db.Client(ctx).AuditEvent.Query().Where(l.where, q.Select).All(ctx)
	if err != nil {
		return page.Result[*db.AuditEvent]{}, err
	}
	return page.NewResult(q, rows, func(e *db.AuditEvent) (page.Value, int) { return e.CreatedAt, e.ID }), nil
}

// Count returns the number of entries in the list.
func (l *List) Count(ctx context.Context) (int, error) {
	return l.db.Client(ctx).AuditEvent.Query().Where(l.where).Count(ctx)
}

// Told is what an entry says about one subject.
type Told struct {
	Subject Subject
	// Erased is true if the values were erased. There are no changes then.
	Erased  bool
	Changes Changes
}

// Details returns the details of entries, by their keys. The viewer must see the entries.
func (s *Service) Details(ctx context.Context, events []*db.AuditEvent) (map[int][]Told, error) {
	return details(ctx, s.db, events)
}

func details(ctx context.Context, d *database.DB, events []*db.AuditEvent) (map[int][]Told, error) {
	places := map[int][]int{}
	keys := map[[2]int]int{}
	for _, e := range events {
		if e.DetailsDigest != "" {
			places[e.DistrictID] = append(places[e.DistrictID], e.Seq)
			keys[[2]int{e.DistrictID, e.Seq}] = e.ID
		}
	}
	told := map[int][]Told{}
	for _, district := range slices.Sorted(maps.Keys(places)) {
		rows, err := d.Client(ctx).AuditDetail.Query().
			Where(auditdetail.DistrictID(district), auditdetail.SeqIn(places[district]...)).
			Order(db.Asc(auditdetail.FieldSeq, auditdetail.FieldPosition)).
			All(viewer.AsSystem(ctx, "details of entries that the viewer sees"))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			t := Told{Subject: Subject{globalid.Type(r.SubjectType), r.SubjectID}, Erased: r.Body == nil}
			if r.Body != nil {
				if err := json.Unmarshal([]byte(*r.Body), &t.Changes); err != nil {
					return nil, fmt.Errorf("detail %d of entry %d: %w", r.Position, r.Seq, err)
				}
			}
			id := keys[[2]int{district, r.Seq}]
			told[id] = append(told[id], t)
		}
	}
	return told, nil
}
