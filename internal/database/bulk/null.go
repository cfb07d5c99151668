package bulk

// Optional turns a text that may be missing into a value.
func Optional(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

// Nullable turns an empty text into NULL.
func Nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Flag is a condition as the value of a column, 1 or 0.
func Flag(set bool) int8 {
	if set {
		return 1
	}
	return 0
}
