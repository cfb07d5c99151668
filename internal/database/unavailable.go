package database

import "github.com/openhomeroom/homeroom/internal/fault"

// unavailable says, for each trouble, what people are told and after how many seconds they
// may try again.
var unavailable = map[Trouble]*fault.Error{
	Unreachable: fault.Unavailablef("the database does not answer at the moment; try again in a few seconds").After(5),
	ReadOnly: fault.Unavailablef(
		"the database is read-only at the moment, so nothing was changed; try again in a minute").After(60),
	Full: fault.Unavailablef(
		"the database is full, so nothing was changed; tell the person who runs the server, and try again later").
		After(60),
	Busy: fault.Unavailablef(
		"too many people are changing the same data at the moment, so nothing was changed; try again").After(2),
	Broken: fault.Unavailablef(
		"the database has failed; try again in a minute, and if it fails again, tell the person who runs the " +
			"server").After(60),
	// A client that retries this automatically may do it twice.
	Uncertain: fault.Unavailablef(
		"the connection to the database was lost while the change was being saved; " +
			"check whether it was made before you try again"),
	TooLarge: fault.TooLargef(
		"the change is too large for the database, so nothing was changed; make it in smaller parts"),
}

// Unavailable returns the error that people see if err comes from a trouble of the
// database, and nil for all other errors. The reason is its code.
func Unavailable(err error) *fault.Error {
	t := TroubleOf(err)
	e := unavailable[t]
	if e == nil {
		return nil
	}
	return e.WithCode(string(t)).Because(err)
}
