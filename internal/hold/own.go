package hold

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/accounthand"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Own are the accounts that count as one because one person may control them all: somebody
// has recently had a hand in each of them. So making a dozen administrators does not
// multiply the limit.
type Own struct {
	// deleting are the accounts of the set that have deleted something. changing are the
	// administrators of the set, and for a program also the programs. A teacher's changes
	// to the teacher's own students count for that teacher alone, even if one person
	// uploads the files of many; and the nightly changes of an information system take
	// nothing from the administrators whose accounts it has created within a month, although
	// these count as one.
	deleting, changing []int
	// alone is true if changes by others do not count.
	alone bool
}

// OwnOf returns the accounts that count as one in an organization. Only those matter that
// have lost something there in the window, or have deleted something within a Month.
func OwnOf(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, actorID int) (Own, error) {
	own := Own{deleting: []int{actorID}, changing: []int{actorID}}
	if actorID == 0 {
		return own, nil
	}
	system := viewer.AsSystem(ctx, "whose losses count as those of one account")
	in := loss.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		in = loss.DistrictID(o.ID)
	}
	others := client.Loss.Query().Where(in, loss.ActorIDNEQ(actorID), loss.ActorIDNEQ(0))
	deleting, err := others.Clone().Where(loss.VerbEQ(loss.VerbDELETED), loss.CreatedAtGT(sinceMonth(now))).Unique(true).
		Select(loss.FieldActorID).Ints(system)
	if err != nil {
		return own, err
	}
	changing, err := others.Where(loss.VerbNEQ(loss.VerbDELETED), loss.CreatedAtGT(since(now))).Unique(true).
		Select(loss.FieldActorID).Ints(system)
	if err != nil {
		return own, err
	}
	// One query finds the administrators among all of them, including the caller.
	managing, programs, err := managers(system, client, append(changing, actorID))
	if err != nil {
		return own, err
	}
	changing = slices.DeleteFunc(changing, func(id int) bool {
		return !managing[actorID] || !managing[id] || programs[id] && !programs[actorID]
	})
	all := distinct(slices.Concat(deleting, changing))
	if len(all) == 0 {
		return own, nil
	}
	h, err := handsOver(system, client, append(all, actorID), accounthand.LastAtGT(now.Add(-Young)))
	if err != nil {
		return own, err
	}
	mine := h.behind(actorID)
	same := func(id int) bool {
		if h.areMore(id, actorID) {
			return true
		}
		for other := range h.behind(id) {
			if mine[other] {
				return true
			}
		}
		return false
	}
	for _, part := range []struct {
		of *[]int
		by []int
	}{{&own.deleting, deleting}, {&own.changing, changing}} {
		for _, id := range part.by {
			if same(id) {
				*part.of = append(*part.of, id)
			}
		}
	}
	return own, nil
}

// OfDistrict leaves out the changes of all others, and of accounts that are no programs
// and do not administer the district, whoever has created these accounts.
func (o Own) OfDistrict(ctx context.Context, client *db.Client, districtID, actorID int) (Own, error) {
	ids, err := client.Educator.Query().
		Where(educator.IDIn(o.changing...), educator.IDNEQ(actorID), educator.Or(educator.Service(1), educator.HasRolesWith(
			roleassignment.RoleEQ(roleassignment.RoleDISTRICT_ADMIN), roleassignment.OrganizationID(districtID)))).
		IDs(viewer.AsSystem(ctx, "who of those that count as one account works for the district"))
	o.changing, o.alone = append([]int{actorID}, ids...), true
	return o, err
}

// managers returns which of some accounts administer anything or are programs, and which
// of them are programs.
func managers(system context.Context, client *db.Client, ids []int) (managing, programs map[int]bool, err error) {
	managing, programs = map[int]bool{}, map[int]bool{}
	for chunk := range slices.Chunk(ids, 500) {
		found, err := client.Educator.Query().Where(educator.IDIn(chunk...), educator.Or(educator.Service(1),
			educator.HasRolesWith(roleassignment.RoleNEQ(roleassignment.RoleTEACHER)))).
			Select(educator.FieldID, educator.FieldService).All(system)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range found {
			managing[e.ID], programs[e.ID] = true, e.Service == 1
		}
	}
	return managing, programs, nil
}

// The hands in accounts, the hands in those, and so on, are followed this far. Somebody
// who makes a longer chain of accounts counts as having a hand in everything behind it.
const (
	maxDepth = 32
	maxHands = 10_000
)

// hands holds, for each account, the accounts that have had a hand in it, and among all of
// them those of programs and of the operator.
type hands struct {
	in                  map[int][]int
	programs, operators map[int]bool
	// beyond holds the accounts whose own hands are not followed any more.
	beyond map[int]bool
}

// handsOver returns who has had a hand in accounts, who has had one in those accounts, and
// so on, including the makers of the service keys that act for them. Only the hands of
// some rows count.
func handsOver(system context.Context, client *db.Client, accounts []int,
	which ...predicate.AccountHand) (*hands, error) {
	h := &hands{in: map[int][]int{}, programs: map[int]bool{}, operators: map[int]bool{}, beyond: map[int]bool{}}
	seen := map[int]bool{}
	for next, depth := distinct(accounts), 0; len(next) > 0; depth++ {
		if depth > maxDepth || depth > 0 && len(seen)+len(next) > len(accounts)+maxHands {
			for _, id := range next {
				h.beyond[id] = true
			}
			return h, nil
		}
		found := map[int]bool{}
		note := func(account, hand int) {
			h.in[account] = append(h.in[account], hand)
			found[hand] = true
		}
		for _, id := range next {
			seen[id] = true
		}
		for chunk := range slices.Chunk(next, 500) {
			list, err := client.AccountHand.Query().Where(accounthand.EducatorIDIn(chunk...), haveWays(onlyID, "=")).
				Where(which...).All(system)
			if err != nil {
				return nil, err
			}
			for _, hand := range list {
				note(hand.EducatorID, hand.HandID)
			}
			keys, err := client.ServiceKey.Query().Where(servicekey.AgentIDIn(chunk...)).All(system)
			if err != nil {
				return nil, err
			}
			for _, k := range keys {
				if h.programs[*k.AgentID] = true; k.CreatedBy != nil {
					note(*k.AgentID, *k.CreatedBy)
				}
			}
			services, err := client.Educator.Query().Where(educator.Service(1), educator.IDIn(chunk...)).IDs(system)
			if err != nil {
				return nil, err
			}
			for _, id := range services {
				h.operators[id] = !h.programs[id]
			}
		}
		next = slices.DeleteFunc(slices.Sorted(maps.Keys(found)), func(id int) bool { return seen[id] })
	}
	return h, nil
}

// reached returns the given accounts and all accounts that have had a hand in them.
func (h *hands) reached(accounts ...int) map[int]bool {
	all := map[int]bool{}
	for next := accounts; len(next) > 0; {
		var more []int
		for _, id := range next {
			if !all[id] {
				all[id] = true
				more = append(more, h.in[id]...)
			}
		}
		next = more
	}
	return all
}

// areMore reports whether more accounts have had a hand in the given ones than are
// followed.
func (h *hands) areMore(accounts ...int) bool {
	if len(h.beyond) == 0 {
		return false
	}
	for id := range h.reached(accounts...) {
		if h.beyond[id] {
			return true
		}
	}
	return false
}

// behind returns some accounts and everybody who could use them. A program is among them:
// nobody signs in as a program, but whoever holds its service key can use each account that
// it creates. The operator, who is trusted, is left out.
func (h *hands) behind(accounts ...int) map[int]bool {
	all := h.reached(accounts...)
	maps.DeleteFunc(all, func(id int, _ bool) bool { return h.operators[id] })
	return all
}

// byProgram reports whether a program has had a hand in accounts, or in those of anybody
// who could use them.
func (h *hands) byProgram(accounts ...int) bool {
	for id := range h.reached(accounts...) {
		if h.programs[id] {
			return true
		}
	}
	return false
}

// Hands are the accounts that could sign in to other accounts today, and everybody who
// could use those accounts.
type Hands struct {
	ways    map[int]map[int]Way
	since   map[int]map[int]time.Time
	over    *hands
	enabled map[int]bool
}

// HandsOf finds out who, besides its owner, could sign in to an account today and how, and
// who could use the accounts of these people.
func HandsOf(ctx context.Context, client *db.Client, educatorIDs []int) (*Hands, error) {
	return handsOf(ctx, client, educatorIDs, haveWays(into|ByID, "<>"))
}

// FormerHandsOf is HandsOf for everybody who ever had a hand in the accounts: one of them
// has set what an undo puts back.
func FormerHandsOf(ctx context.Context, client *db.Client, educatorIDs []int) (*Hands, error) {
	return handsOf(ctx, client, educatorIDs)
}

func handsOf(ctx context.Context, client *db.Client, educatorIDs []int,
	which ...predicate.AccountHand) (*Hands, error) {
	h := &Hands{ways: map[int]map[int]Way{}, since: map[int]map[int]time.Time{}, over: &hands{}, enabled: map[int]bool{}}
	if err := h.readWays(ctx, client, educatorIDs, which); err != nil || len(h.ways) == 0 {
		return h, err
	}
	direct := h.direct()
	system := viewer.AsSystem(ctx, "who could use the accounts of those who have a hand in another; nobody is shown it")
	var err error
	if h.over, err = handsOver(system, client, direct, comeIn); err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(h.All(), 500) {
		ids, err := client.Educator.Query().Where(educator.IDIn(chunk...), educator.Disabled(0)).IDs(system)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			h.enabled[id] = true
		}
	}
	return h, nil
}

func (h *Hands) readWays(ctx context.Context, client *db.Client, educatorIDs []int,
	which []predicate.AccountHand) error {
	system := viewer.AsSystem(ctx, "who has set the credentials of an account; nobody is shown it")
	for chunk := range slices.Chunk(distinct(educatorIDs), 500) {
		list, err := client.AccountHand.Query().Where(accounthand.EducatorIDIn(chunk...)).Where(which...).All(system)
		if err != nil {
			return err
		}
		for _, a := range list {
			if h.ways[a.EducatorID] == nil {
				h.ways[a.EducatorID], h.since[a.EducatorID] = map[int]Way{}, map[int]time.Time{}
			}
			h.ways[a.EducatorID][a.HandID], h.since[a.EducatorID][a.HandID] = Way(a.Ways)&^onlyID, a.CreatedAt
		}
	}
	return nil
}

func (h *Hands) direct() []int {
	var ids []int
	for _, by := range h.ways {
		ids = slices.AppendSeq(ids, maps.Keys(by))
	}
	return distinct(ids)
}

// All returns the hands and everybody who could use them, sorted.
func (h *Hands) All() []int { return slices.Sorted(maps.Keys(h.over.reached(h.direct()...))) }

// Into returns the ways into an account, by the hands that have them.
func (h *Hands) Into(educatorID int) map[int]Way { return h.ways[educatorID] }

// Since returns when a hand first was in an account.
func (h *Hands) Since(educatorID, hand int) time.Time { return h.since[educatorID][hand] }

// Stand reports whether a hand in an account, and everybody who could use the hand, are
// enabled and fulfill wanted. The account's owner is not asked. The account of a service
// key that was revoked is disabled. If there are too many to follow, the answer is no.
func (h *Hands) Stand(educatorID, hand int, wanted func(id int) bool) bool {
	if h.over.areMore(hand) {
		return false
	}
	for id := range h.over.reached(hand) {
		if id != educatorID && !(h.enabled[id] && wanted(id)) {
			return false
		}
	}
	return true
}
