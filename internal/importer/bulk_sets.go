package importer

func idSet(ids []int, err error) (map[int]bool, error) {
	set := make(map[int]bool, len(ids))
	return set, addIDs(set)(ids, err)
}

// addIDs returns what adds the result of a query to a set.
func addIDs(set map[int]bool) func([]int, error) error {
	return func(ids []int, err error) error {
		for _, id := range ids {
			set[id] = true
		}
		return err
	}
}

func keysOf[T any](rows map[int]T) []int {
	ids := make([]int, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
	}
	return ids
}
