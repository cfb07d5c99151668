package rule

import (
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// when returns the predicate over ids, or none if there are no ids, because the viewer
// does not have this part of a purview.
func when[P ~func(*sql.Selector)](ids []int, over func(...int) P) []P {
	if len(ids) == 0 {
		return nil
	}
	return []P{over(ids...)}
}

// anyOf joins the parts of a purview. Without parts it matches no row. It avoids an OR
// with one operand, which keeps some planners from using the index.
func anyOf[P ~func(*sql.Selector)](or func(...P) P, parts ...[]P) P {
	switch all := slices.Concat(parts...); len(all) {
	case 0:
		return never
	case 1:
		return all[0]
	default:
		return or(all...)
	}
}

// jointly matches the rows that every person of a joint viewer may have: the purview of
// each limits what they do together.
func jointly[P ~func(*sql.Selector)](v *viewer.Viewer, one func(*viewer.Viewer) P) P {
	hands := v.Hands()
	if len(hands) == 1 {
		return one(hands[0])
	}
	return func(s *sql.Selector) {
		for _, h := range hands {
			one(h)(s)
		}
	}
}

func contains(ids []int, id int) bool { return slices.Contains(ids, id) }
