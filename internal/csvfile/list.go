package csvfile

import "strings"

// SplitList returns the items of a cell that holds several, separated by semicolons. In an
// item, \; means a semicolon and \\ means a backslash; a backslash before anything else is
// an ordinary character. Items are cleaned with Clean, and empty ones are dropped.
func SplitList(cell string) []string {
	var items []string
	var item strings.Builder
	end := func() {
		if s := Clean(item.String()); s != "" {
			items = append(items, s)
		}
		item.Reset()
	}
	for i := 0; i < len(cell); i++ {
		switch c := cell[i]; {
		case c == ';':
			end()
		case c == '\\' && i+1 < len(cell) && (cell[i+1] == ';' || cell[i+1] == '\\'):
			i++
			item.WriteByte(cell[i])
		default:
			item.WriteByte(c)
		}
	}
	end()
	return items
}

// JoinList is the inverse of SplitList: splitting its result gives the same items, cleaned
// and without empty ones. A backslash is doubled only if it could be misread, so most
// names look the same in the file.
func JoinList(items []string) string {
	var cell strings.Builder
	for _, item := range items {
		item = Clean(item)
		if item == "" {
			continue
		}
		if cell.Len() > 0 {
			cell.WriteByte(';')
		}
		for i := range len(item) {
			last := i+1 == len(item)
			if item[i] == ';' || item[i] == '\\' && (last || item[i+1] == ';' || item[i+1] == '\\') {
				cell.WriteByte('\\')
			}
			cell.WriteByte(item[i])
		}
	}
	return cell.String()
}
