package privacy

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/ent/db/usageevent"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// pageRows is how many rows of a record are read at once.
const pageRows = 500

// usedDay is the usage of one product on one day.
type usedDay struct {
	Day     string `json:"day"`
	Product string `json:"product"`
	Seconds int    `json:"seconds"`
}

func (s *Service) eachUsageDay(ctx context.Context, st *db.Student, add func(any) error) error {
	client := s.db.Client(ctx)
	products, err := client.Product.Query().Select(product.FieldID, product.FieldCode).All(ctx)
	if err != nil {
		return err
	}
	codes := map[int]string{}
	for _, p := range products {
		codes[p.ID] = p.Code
	}
	days, err := client.UsageDay.Query().Where(usageday.StudentID(st.ID)).
		Order(db.Asc(usageday.FieldDay, usageday.FieldProductID)).All(ctx)
	for _, u := range days {
		if err := add(usedDay{u.Day.String(), codes[u.ProductID], u.Seconds}); err != nil {
			return err
		}
	}
	return err
}

// event is one report of a learning product, with what is stored of it.
type event struct {
	ID       string    `json:"eventId"`
	Recorded time.Time `json:"recorded"`
}

func (s *Service) eachUsageEvent(ctx context.Context, st *db.Student, add func(any) error) error {
	for after := 0; ; {
		page, err := s.db.Client(ctx).UsageEvent.Query().Where(usageevent.StudentID(st.ID), usageevent.IDGT(after)).
			Order(db.Asc(usageevent.FieldID)).Limit(pageRows).All(ctx)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			after = e.ID
			if err := add(event{e.EventID, e.CreatedAt}); err != nil {
				return err
			}
		}
	}
}

// entry is what the audit trail says about the student. The actor is named by kind, key
// and roles only: this is the student's record, not the educator's.
type entry struct {
	At      time.Time       `json:"at"`
	Action  string          `json:"action"`
	By      string          `json:"by"`
	ByID    string          `json:"byId,omitempty"`
	Roles   string          `json:"roles,omitempty"`
	Job     string          `json:"job,omitempty"`
	Changes json.RawMessage `json:"changes"`
}

func (s *Service) eachAuditEntry(ctx context.Context, st *db.Student, add func(any) error) error {
	client := s.db.Client(ctx)
	for after := 0; ; {
		page, err := client.AuditDetail.Query().
			Where(auditdetail.SubjectType(string(globalid.Student)), auditdetail.SubjectID(st.ID),
				auditdetail.DistrictID(st.DistrictID), auditdetail.IDGT(after)).Order(db.Asc(auditdetail.FieldID)).
			Limit(pageRows).All(ctx)
		if err != nil || len(page) == 0 {
			return err
		}
		places := make([]int, len(page))
		for i, d := range page {
			places[i], after = d.Seq, d.ID
		}
		events, err := client.AuditEvent.Query().
			Where(auditevent.DistrictID(st.DistrictID), auditevent.SeqIn(places...)).All(ctx)
		if err != nil {
			return err
		}
		bySeq := map[int]*db.AuditEvent{}
		for _, e := range events {
			bySeq[e.Seq] = e
		}
		for _, d := range page {
			if e := bySeq[d.Seq]; e != nil {
				if err := add(toEntry(e, d)); err != nil {
					return err
				}
			}
		}
	}
}

func toEntry(e *db.AuditEvent, d *db.AuditDetail) entry {
	out := entry{At: e.CreatedAt, Action: e.Action, By: e.ActorKind, Roles: e.Roles, Changes: json.RawMessage("[]")}
	switch e.ActorKind {
	case "EDUCATOR":
		out.ByID = globalid.Encode(globalid.Educator, e.ActorID)
	case "SERVICE_KEY":
		out.ByID = globalid.Encode(globalid.ServiceKey, e.ActorID)
	}
	if e.JobID != 0 {
		out.Job = globalid.Encode(globalid.BulkJob, e.JobID)
	}
	if d.Body != nil && *d.Body != "" {
		out.Changes = json.RawMessage(*d.Body)
	}
	return out
}
