package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Hidden is a text that must not reach a log, an error or a terminal. Formatting it gives
// a placeholder; only Reveal gives the text.
type Hidden string

const placeholder = "(hidden)"

// Reveal returns the text, for the one place that needs it.
func (h Hidden) Reveal() string { return string(h) }

// Format implements fmt.Formatter for every verb.
func (h Hidden) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, h.shown()) }

// MarshalText implements encoding.TextMarshaler, which JSON uses too.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(h.shown()), nil }

// LogValue implements slog.LogValuer.
func (h Hidden) LogValue() slog.Value { return slog.StringValue(h.shown()) }

func (h Hidden) shown() string {
	if h == "" {
		return ""
	}
	return placeholder
}
