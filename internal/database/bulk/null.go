package bulk

// Optional returns a text that may be missing as a value of SQL.
func Optional(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

// Nullable returns a text as a value of SQL; an empty text becomes NULL.
func Nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Flag returns 1 or 0, as a column stores a condition.
func Flag(set bool) int8 {
	if set {
		return 1
	}
	return 0
}
