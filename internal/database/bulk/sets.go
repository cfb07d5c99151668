package bulk

// IDSet returns the result of a query as a set.
func IDSet(ids []int, err error) (map[int]bool, error) {
	set := make(map[int]bool, len(ids))
	return set, AddIDs(set)(ids, err)
}

// AddIDs returns a function that adds the result of a query to a set.
func AddIDs(set map[int]bool) func([]int, error) error {
	return func(ids []int, err error) error {
		for _, id := range ids {
			set[id] = true
		}
		return err
	}
}

// KeysOf returns the keys of a map, in no particular order.
func KeysOf[T any](rows map[int]T) []int {
	ids := make([]int, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
	}
	return ids
}
