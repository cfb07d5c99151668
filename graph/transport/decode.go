package transport

// What a value of each kind takes in memory once it is decoded, in bytes, rounded up:
// an interface and what it points to. A map with one entry has room for eight.
const (
	decodedMap   = 400
	decodedList  = 64
	decodedValue = 48
)

// maxNesting is how deep the lists and objects of variables may stand inside each
// other; no input of the schema comes near it.
const maxNesting = 64

// decoded is about what a JSON text takes in memory as maps and lists, and how deep
// they stand inside each other. It allocates nothing: {"a":[[],[],…]} takes twenty
// times its length, so that its length alone bounds nothing. The text need not be
// JSON; the decoder says so.
func decoded(text []byte) (size int64, depth int) {
	size = int64(len(text))
	nested := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{':
			size += decodedMap
			nested++
		case '[':
			size += decodedList
			nested++
		case ',':
			size += decodedValue
		case '}', ']':
			nested--
		}
		depth = max(depth, nested)
	}
	return size, depth
}
