package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/audithead"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Fault is a kind of damage.
type Fault string

// The kinds of damage to a chain.
const (
	// Missing is an entry that is gone, although the one after it exists.
	Missing Fault = "MISSING"
	// Altered is an entry, or one of its details, that was changed or inserted.
	Altered Fault = "ALTERED"
	// CutOff is a chain that ends before its head.
	CutOff Fault = "CUT_OFF"
	// Unexplained is a detail that was erased without an entry that says so.
	Unexplained Fault = "UNEXPLAINED"
	// Unexpected is a chain that lacks the entry whose hash was noted elsewhere.
	Unexpected Fault = "UNEXPECTED"
)

// Damage is the first place where a chain is damaged.
type Damage struct {
	Fault Fault
	// Seq is the entry.
	Seq  int
	Text string
}

// Verified is the result of verifying one chain.
type Verified struct {
	// DistrictID is 0 for the chain of what belongs to no district.
	DistrictID int
	// Entries is the number of entries, and Erased how many of their details were erased.
	Entries, Erased int
	// Batches is how many batches of bulk jobs were compared with the rows of their jobs.
	// Forgotten is how many could not be, because rows were undone, forgotten or erased.
	Batches, Forgotten int
	// Hash is the hash of the newest entry. If it is noted elsewhere, it can show later
	// that nobody has rewritten the whole chain.
	Hash string
	// Damage is nil if the chain is whole.
	Damage *Damage
}

// verifyPage is how many entries are read at a time.
const verifyPage = 500

// Chains returns the districts that have a chain, in order, 0 among them.
func Chains(ctx context.Context, d *database.DB) ([]int, error) {
	ctx = viewer.AsSystem(ctx, "verify the audit trail")
	heads, err := d.Client(ctx).AuditHead.Query().Select(audithead.FieldDistrictID).Ints(ctx)
	if err != nil {
		return nil, err
	}
	// A chain without its head is still a chain.
	chains, err := d.Client(ctx).AuditEvent.Query().Unique(true).Select(auditevent.FieldDistrictID).Ints(ctx)
	return slices.Compact(slices.Sorted(slices.Values(append(heads, chains...)))), err
}

// Verify reads one chain from its start and reports the first damage. expect is the hash
// of an entry that was noted earlier, or empty. It reads one moment of the database, so
// entries may be added meanwhile.
func Verify(ctx context.Context, d *database.DB, districtID int, expect string) (Verified, error) {
	ctx, end := d.Snapshot(viewer.AsSystem(ctx, "verify the audit trail"))
	defer end()
	w := walk{client: d.Client(ctx), district: districtID, expect: expect, erased: map[Subject]int{}}
	err := w.run(ctx)
	return Verified{
		DistrictID: districtID,
		Entries:    w.seq,
		Erased:     w.details,
		Batches:    w.batches,
		Forgotten:  w.forgotten,
		Hash:       w.hash,
		Damage:     w.damage,
	}, err
}

// walk is a verification in progress.
type walk struct {
	client   *db.Client
	district int
	expect   string

	seq    int
	hash   string
	damage *Damage
	// details counts the erased ones. erased has the place of the last one of each subject,
	// until the entry comes that explains it.
	details int
	erased  map[Subject]int

	batches, forgotten int
}

func (w *walk) fail(f Fault, seq int, format string, args ...any) {
	if w.damage == nil {
		w.damage = &Damage{Fault: f, Seq: seq, Text: fmt.Sprintf(format, args...)}
	}
}

func (w *walk) run(ctx context.Context) error {
	for w.damage == nil {
		page, err := w.client.AuditEvent.Query().Where(auditevent.DistrictID(w.district), auditevent.SeqGT(w.seq)).
			Order(db.Asc(auditevent.FieldSeq)).Limit(verifyPage).All(ctx)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return w.end(ctx)
		}
		details, err := detailsBetween(ctx, w.client, w.district, page[0].Seq, page[len(page)-1].Seq)
		if err != nil {
			return err
		}
		for _, e := range page {
			if w.check(e, details[e.Seq]); w.damage != nil {
				break
			}
			if Action(e.Action) == JobRowsApplied {
				if err := w.checkRows(ctx, e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// check compares an entry with the one before it and with its details.
func (w *walk) check(e *db.AuditEvent, details []*db.AuditDetail) {
	switch {
	case e.Seq != w.seq+1:
		w.fail(Missing, w.seq+1, "entry %d is missing", w.seq+1)
		return
	case link(e) != e.Hash:
		w.fail(Altered, e.Seq, "entry %d was altered", e.Seq)
		return
	case e.PrevHash != w.hash:
		w.fail(Altered, e.Seq, "entry %d does not follow the one before it: one of the two was replaced", e.Seq)
		return
	case digestAll(details) != e.DetailsDigest:
		w.fail(Altered, e.Seq, "the details of entry %d were altered, removed or added to", e.Seq)
		return
	}
	for _, d := range details {
		switch {
		case !d.CreatedAt.Equal(e.CreatedAt): // the one column that no digest covers
			w.fail(Altered, e.Seq, "the time of the details of entry %d was altered", e.Seq)
			return
		case d.Body == nil && d.Salt == nil:
			w.details++
			w.erased[Subject{globalid.Type(d.SubjectType), d.SubjectID}] = e.Seq
		case d.Body == nil || d.Salt == nil || digestOf(*d.Salt, *d.Body) != d.Digest:
			w.fail(Altered, e.Seq, "the details of entry %d were altered", e.Seq)
			return
		}
	}
	if a := Action(e.Action); a == StudentErased || a == EducatorErased {
		delete(w.erased, Subject{globalid.Type(e.TargetType), e.TargetID})
	}
	if e.Hash == w.expect {
		w.expect = ""
	}
	w.seq, w.hash = e.Seq, e.Hash
}

// end compares the newest entry with the head of the chain.
func (w *walk) end(ctx context.Context) error {
	head, err := w.client.AuditHead.Query().Where(audithead.DistrictID(w.district)).Only(ctx)
	switch {
	case db.IsNotFound(err):
		head = &db.AuditHead{}
	case err != nil:
		return err
	}
	switch {
	case head.Seq > w.seq:
		w.fail(CutOff, w.seq+1, "the chain ends before entry %d, but its head counts %d entries", w.seq+1, head.Seq)
	case head.Seq != w.seq || head.Hash != w.hash:
		w.fail(Altered, w.seq, "the head of the chain does not belong to entry %d", w.seq)
	case w.expect != "":
		w.fail(Unexpected, w.seq, "no entry has the hash %s: the chain was rewritten, or the hash belongs to another "+
			"chain", w.expect)
	case len(w.erased) > 0:
		seq := slices.Min(slices.Collect(maps.Values(w.erased)))
		w.fail(Unexplained, seq, "details of entry %d were erased, and no entry says so", seq)
	}
	return nil
}

// detailsBetween returns the details of a range of entries, by entry and in order.
func detailsBetween(ctx context.Context, client *db.Client, districtID, from,
	to int) (map[int][]*db.AuditDetail, error) {
	list, err := client.AuditDetail.Query().
		Where(auditdetail.DistrictID(districtID), auditdetail.SeqGTE(from), auditdetail.SeqLTE(to)).
		Order(db.Asc(auditdetail.FieldSeq, auditdetail.FieldPosition)).All(ctx)
	if err != nil {
		return nil, err
	}
	of := map[int][]*db.AuditDetail{}
	for _, d := range list {
		of[d.Seq] = append(of[d.Seq], d)
	}
	return of, nil
}
