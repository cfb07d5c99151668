package audit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/audithead"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Record adds an entry to the transaction of ctx. It is written just before the commit.
// Record panics outside a transaction.
func Record(ctx context.Context, e Event) {
	trail, ok := database.AtEnd(ctx, trailKey{}, newTrail).(*trail)
	if !ok {
		panic(fmt.Sprintf("audit: %s was recorded outside of a transaction", e.Action))
	}
	trail.add(describe(ctx, e))
}

type trailKey struct{}

// entry is an event together with what the context knows about it.
type entry struct {
	Event
	actor     Actor
	address   string
	requestID string
	operation string
}

func describe(ctx context.Context, e Event) entry {
	origin := viewer.OriginOf(ctx)
	d := entry{Event: e, requestID: origin.RequestID, operation: viewer.OperationOf(ctx)}
	if origin.Address.IsValid() {
		d.address = origin.Address.Unmap().WithZone("").String()
	}
	if e.Actor != nil {
		d.actor = *e.Actor
	} else {
		d.actor = ActorOf(ctx)
	}
	return d
}

// trail collects the entries of one transaction.
type trail struct {
	mu      sync.Mutex
	entries []entry
}

func (t *trail) add(e entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, e)
}

// End writes the entries at the ends of their chains.
func (t *trail) End(ctx context.Context, client *db.Client) error {
	ctx = viewer.AsSystem(ctx, "audit trail")
	chains := map[int][]entry{}
	for _, e := range t.entries {
		chains[e.DistrictID] = append(chains[e.DistrictID], e)
	}
	// Districts come in a fixed order, so that transactions with entries in the same chains
	// cannot deadlock.
	for _, district := range slices.Sorted(maps.Keys(chains)) {
		if err := extend(ctx, client, district, chains[district]); err != nil {
			return fmt.Errorf("audit trail: %w", err)
		}
	}
	ConcernedOf(ctx).add(t.entries)
	return nil
}

// extend locks the head of a chain and appends entries.
func extend(ctx context.Context, client *db.Client, districtID int, entries []entry) error {
	// Everything that does not need the head is computed before it is locked.
	events := make([]*db.AuditEvent, len(entries))
	details := make([][]*db.AuditDetail, len(entries))
	for i, e := range entries {
		var err error
		if events[i], details[i], err = e.rows(); err != nil {
			return fmt.Errorf("%s: %w", e.Action, err)
		}
	}
	head, err := lockHead(ctx, client, districtID)
	if err != nil {
		return err
	}
	now := database.Instant(time.Now())
	seq, previous := head.Seq, head.Hash
	for i, e := range events {
		seq++
		e.DistrictID, e.Seq, e.CreatedAt, e.PrevHash = districtID, seq, now, previous
		e.Hash = link(e)
		previous = e.Hash
		for _, d := range details[i] {
			d.DistrictID, d.Seq, d.CreatedAt = districtID, seq, now
		}
	}
	if err := insertEvents(ctx, client, events); err != nil {
		return err
	}
	if err := insertDetails(ctx, client, slices.Concat(details...)); err != nil {
		return err
	}
	return client.AuditHead.UpdateOneID(head.ID).SetSeq(seq).SetHash(previous).Exec(ctx)
}

// lockHead returns the head of a chain and locks it until the transaction ends. It creates
// the head of a new chain.
func lockHead(ctx context.Context, client *db.Client, districtID int) (*db.AuditHead, error) {
	find := func() (*db.AuditHead, error) {
		q := client.AuditHead.Query().Where(audithead.DistrictID(districtID))
		q.Modify(func(s *sql.Selector) {
			if s.Dialect() == dialect.MySQL { // SQLite has one writer at a time
				s.ForUpdate()
			}
		})
		return q.Only(ctx)
	}
	head, err := find()
	if !db.IsNotFound(err) {
		return head, err
	}
	// If several start the chain at once, one creates the row and the others wait.
	err = client.AuditHead.Create().SetDistrictID(districtID).SetSeq(0).SetHash("").
		OnConflict(sql.ConflictColumns(audithead.FieldDistrictID), sql.ResolveWithIgnore()).Exec(ctx)
	if err != nil {
		return nil, err
	}
	return find()
}

// rows returns the entry as it will be stored, without its place in the chain.
func (e entry) rows() (*db.AuditEvent, []*db.AuditDetail, error) {
	if e.Action.Meaning() == "" {
		return nil, nil, fmt.Errorf("the action is not known")
	}
	facts, err := e.Facts.text()
	if err != nil {
		return nil, nil, err
	}
	all := e.Others
	if e.Target.ID != 0 {
		all = append([]Detail{{Subject: e.Target, Changes: e.Changes}}, all...)
	} else if len(e.Changes) > 0 {
		return nil, nil, fmt.Errorf("changes of nothing")
	}
	details := make([]*db.AuditDetail, len(all))
	for i, d := range all {
		if details[i], err = seal(d, i+1); err != nil {
			return nil, nil, err
		}
	}
	return &db.AuditEvent{
		Action:         string(e.Action),
		Code:           cut(e.Code, 64),
		ActorKind:      string(e.actor.Kind),
		ActorID:        e.actor.ID,
		ActorLabel:     cut(e.actor.Label, 190),
		Roles:          cut(e.actor.Roles, 255),
		Address:        cut(e.address, 64),
		RequestID:      cut(e.requestID, 64),
		Operation:      cut(e.operation, 190),
		OrganizationID: e.OrganizationID,
		TargetType:     string(e.Target.Type),
		TargetID:       e.Target.ID,
		JobID:          e.JobID,
		Facts:          facts,
		DetailsDigest:  digestAll(details),
	}, details, nil
}

// cut shortens a text to a number of characters and keeps it on one line. An operator's
// login is whatever the shell says; in a list of entries it must not look like an entry,
// or send control sequences to a terminal.
func cut(text string, size int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if utf8.RuneCountInString(text) <= size {
		return text
	}
	return string([]rune(text)[:size])
}

// statementRows is how many rows one statement inserts.
const statementRows = 200

const eventColumns = "created_at, district_id, seq, action, code, actor_kind, actor_id, actor_label, roles, address, " +
	"request_id, operation, organization_id, target_type, target_id, job_id, facts, details_digest, prev_hash, hash"

func insertEvents(ctx context.Context, client *db.Client, events []*db.AuditEvent) error {
	return insert(ctx, client, "audit_events", eventColumns, events, func(e *db.AuditEvent) []any {
		return []any{e.CreatedAt, e.DistrictID, e.Seq, e.Action, e.Code, e.ActorKind, e.ActorID, e.ActorLabel, e.Roles,
			e.Address, e.RequestID, e.Operation, e.OrganizationID, e.TargetType, e.TargetID, e.JobID, e.Facts, e.DetailsDigest,
			e.PrevHash, e.Hash}
	})
}

const detailColumns = "created_at, district_id, seq, position, subject_type, subject_id, salt, body, digest"

func insertDetails(ctx context.Context, client *db.Client, details []*db.AuditDetail) error {
	return insert(ctx, client, "audit_details", detailColumns, details, func(d *db.AuditDetail) []any {
		return []any{d.CreatedAt, d.DistrictID, d.Seq, d.Position, d.SubjectType, d.SubjectID, *d.Salt, *d.Body, d.Digest}
	})
}

// insert writes rows with as few statements as possible. For the thousand details of a
// large assignment, ent's own way takes several times as long.
func insert[T any](ctx context.Context, client *db.Client, table, columns string, rows []T,
	values func(T) []any) error {
	for chunk := range slices.Chunk(rows, statementRows) {
		var args []any
		for _, r := range chunk {
			args = append(args, values(r)...)
		}
		place := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(args)/len(chunk)), ", ") + ")"
		query := "INSERT INTO " + table + " (" + columns + ") VALUES " +
			strings.TrimSuffix(strings.Repeat(place+", ", len(chunk)), ", ")
		if _, err := client.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// BySchool groups the subjects of an event by school, because the administrators of a
// school see the entries about it. The schools come in order.
func BySchool[T any](list []T, school func(T) int) [][]T {
	parts := map[int][]T{}
	for _, v := range list {
		parts[school(v)] = append(parts[school(v)], v)
	}
	all := slices.Collect(maps.Values(parts))
	slices.SortFunc(all, func(a, b []T) int { return cmp.Compare(school(a[0]), school(b[0])) })
	return all
}
