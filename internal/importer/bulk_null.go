package importer

// optional turns a text that may be missing into a value.
func optional(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

// nullable turns an empty text into NULL.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func flag(set bool) int8 {
	if set {
		return 1
	}
	return 0
}
