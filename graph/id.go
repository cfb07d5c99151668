package graph

import (
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// named are the types in messages for people.
var named = map[globalid.Type]string{
	globalid.Organization: "an organization",
	globalid.Educator:     "an educator",
	globalid.Group:        "a class or group",
	globalid.Student:      "a student",
	globalid.BulkJob:      "a bulk job",
	globalid.Session:      "a session",
	globalid.ServiceKey:   "a service key",
}

// key reads an ID of a type. field is its path in the input.
func key(want globalid.Type, id, field string) (int, error) {
	k, ok := globalid.Key(want, id)
	if !ok {
		return 0, fault.Invalidf("%s is not the id of %s", quote.Text(quote.Short(id)), named[want]).
			WithCode("BAD_ID").At(field)
	}
	return k, nil
}

// keys reads a list of IDs and drops repetitions.
func keys(want globalid.Type, ids []string, field string) ([]int, error) {
	list := make([]int, 0, len(ids))
	seen := make(map[int]bool, len(ids))
	for i, id := range ids {
		k, ok := globalid.Key(want, id)
		if !ok {
			return nil, fault.Invalidf("%s is not the id of %s", quote.Text(quote.Short(id)), named[want]).
				WithCode("BAD_ID").At(field, i)
		}
		if !seen[k] {
			seen[k] = true
			list = append(list, k)
		}
	}
	return list, nil
}

// optionalKey reads an ID that may be missing; it returns 0 then.
func optionalKey(want globalid.Type, id *string, field string) (int, error) {
	if id == nil {
		return 0, nil
	}
	return key(want, *id, field)
}
