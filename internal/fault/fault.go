// Package fault is the one error vocabulary of Homeroom. An error that a person should
// read is an *Error with a kind, a code and a message in plain words. Any other error is
// internal, and its text never leaves the server.
package fault

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Kind says what kind of problem it is, and so how a transport answers.
type Kind int

// The kinds of errors.
const (
	// Internal is everything unexpected; the message is never shown.
	Internal Kind = iota
	// Invalid is input that the person can correct.
	Invalid
	// Unauthenticated asks the person to sign in.
	Unauthenticated
	// NotFound is something that does not exist, or not for this caller.
	NotFound
	// Forbidden is something visible that the caller's role may not do.
	Forbidden
	// Conflict is a request that lost a race, or that the current state does not allow.
	Conflict
	// TooLarge is input over a limit.
	TooLarge
	// Unavailable asks to try again later.
	Unavailable
)

// Error is an error whose message is meant for people.
type Error struct {
	Kind Kind
	// Code is a constant in capitals, such as SYNCED_GROUP, for clients.
	Code string
	// Field is the path inside the input, such as studentIds.3, or empty.
	Field string
	// Message is a sentence fragment in lower case that says what to do.
	Message string
	// Cause is for the log only.
	Cause error
	// RetryAfter is after how many seconds it may work; it is 0 if that is unknown.
	RetryAfter int
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// WithCode returns a copy with a more precise code.
func (e *Error) WithCode(code string) *Error { c := *e; c.Code = code; return &c }

// At returns a copy that points at a field of the input.
func (e *Error) At(field string, parts ...any) *Error {
	c := *e
	c.Field = field
	for _, p := range parts {
		c.Field += fmt.Sprintf(".%v", p)
	}
	return &c
}

// After returns a copy that says after how many seconds it may work.
func (e *Error) After(seconds int) *Error { c := *e; c.RetryAfter = seconds; return &c }

// Because returns a copy with a cause for the log.
func (e *Error) Because(cause error) *Error { c := *e; c.Cause = cause; return &c }

// Invalidf returns an error for input that the person can correct.
func Invalidf(format string, args ...any) *Error {
	return &Error{Kind: Invalid, Code: "BAD_USER_INPUT", Message: fmt.Sprintf(format, args...)}
}

// NotFoundf returns an error for something that does not exist for this caller.
func NotFoundf(format string, args ...any) *Error {
	return &Error{Kind: NotFound, Code: "NOT_FOUND", Message: fmt.Sprintf(format, args...)}
}

// Forbiddenf returns an error for something that the caller sees but may not do.
func Forbiddenf(format string, args ...any) *Error {
	return &Error{Kind: Forbidden, Code: "FORBIDDEN", Message: fmt.Sprintf(format, args...)}
}

// Conflictf returns an error for a state that does not allow the request.
func Conflictf(format string, args ...any) *Error {
	return &Error{Kind: Conflict, Code: "CONFLICT", Message: fmt.Sprintf(format, args...)}
}

// Unauthenticatedf returns an error that asks the caller to sign in.
func Unauthenticatedf(format string, args ...any) *Error {
	return &Error{Kind: Unauthenticated, Code: "UNAUTHENTICATED", Message: fmt.Sprintf(format, args...)}
}

// TooLargef returns an error for input over a limit.
func TooLargef(format string, args ...any) *Error {
	return &Error{Kind: TooLarge, Code: "PAYLOAD_TOO_LARGE", Message: fmt.Sprintf(format, args...)}
}

// Unavailablef returns an error that asks to try again later.
func Unavailablef(format string, args ...any) *Error {
	return &Error{Kind: Unavailable, Code: "UNAVAILABLE", Message: fmt.Sprintf(format, args...)}
}

// From returns the *Error inside err, or nil if the text of err is private.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf returns the kind of an error; it is Internal for any other error.
func KindOf(err error) Kind {
	if e := From(err); e != nil {
		return e.Kind
	}
	return Internal
}

// Sentence turns a message into a sentence for people.
func Sentence(message string) string {
	first, size := utf8.DecodeRuneInString(message)
	if size == 0 {
		return message
	}
	return string(unicode.ToUpper(first)) + message[size:] + "."
}
