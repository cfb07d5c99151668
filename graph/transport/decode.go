package transport

// What a value of each kind takes in memory after decoding, in bytes, rounded up: an
// interface and what it points to. A map with one entry has room for eight.
const (
	decodedMap   = 400
	decodedList  = 64
	decodedValue = 48
)

// maxNesting is how deeply lists and objects may be nested in variables. No input of the
// schema comes near it.
const maxNesting = 64

// decoded estimates how much memory a JSON text takes as maps and lists, and how deeply
// these are nested. It allocates nothing. Decoding {"a":[[],[],…]} takes twenty times the
// length of the text, so limiting the length is not enough. The text need not be valid
// JSON; the decoder reports that.
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
