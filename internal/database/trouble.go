package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
)

// Trouble is a problem of the database, whatever the request is. It ends by itself, or
// somebody fixes it.
type Trouble string

// The troubles of a database. Clients get them as the reason of an error.
const (
	// None stands for success, and for errors about the request itself.
	None Trouble = ""
	// Unreachable is a connection that was lost or cannot be made.
	Unreachable Trouble = "DATABASE_UNREACHABLE"
	// ReadOnly is a database that can only be read.
	ReadOnly Trouble = "DATABASE_READ_ONLY"
	// Full is a database that has no more room.
	Full Trouble = "DATABASE_FULL"
	// Busy is a database in which other transactions were in the way at every attempt.
	Busy Trouble = "DATABASE_BUSY"
	// Uncertain is a change that may or may not have been made, because the connection was
	// lost during the commit.
	Uncertain Trouble = "OUTCOME_UNKNOWN"
	// TooLarge is a transaction with more rows than the database accepts at once.
	TooLarge Trouble = "TRANSACTION_TOO_LARGE"
	// Slow is a database that stopped a statement because it took too long.
	Slow Trouble = "DATABASE_SLOW"
	// Broken is any other problem that the database reports about itself.
	Broken Trouble = "DATABASE_FAILED"
	// Unknown is an unexpected error. It may be about the statement.
	Unknown Trouble = "UNKNOWN"
)

// troubles lists the errors of MySQL and MariaDB that are about the database.
var troubles = map[Trouble][]uint16{
	// Too many connections, access that is denied at present, shutdown, a node that has
	// left its cluster, network errors, and a connection or a statement that an
	// administrator has ended.
	Unreachable: {1040, 1044, 1045, 1047, 1049, 1053, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1317,
		1927, 3168, 4031},
	ReadOnly: {1036, 1099, 1223, 1290, 1792, 1836, 1874},
	Full:     {1021, 1026, 1114, 3675},
	// The errors after which the whole transaction is tried again: a lock that took too
	// long, a deadlock, a conflict that a cluster found at the commit, a plugin of a
	// cluster that rolled back, and a row that changed under a snapshot.
	Busy: {1205, 1213, 1180, 3101, 1020, 3572},
	// A cache or a table of locks that is too small, and group replication before a
	// commit.
	TooLarge: {1197, 1206, 3100},
	// Files, memory, the storage engine, a plugin, and a thread that cannot be created.
	Broken: {1015, 1030, 1037, 1038, 1041, 1105, 1135, 1194, 1195, 1296, 3615},
}

// rowErrors lists the errors of MySQL and MariaDB about a row: constraints, values that do
// not fit a column, what a trigger refuses, and a packet that is too long.
var rowErrors = []uint16{
	1022, 1048, 1062, 1118, 1153, 1169, 1216, 1217, 1264, 1265, 1292, 1364, 1365, 1366, 1367, 1406, 1411, 1451, 1452, 1586,
	1644, 1690, 1761, 1762, 3140, 3141, 3819, 4025, 4078, 4161,
}

// SQLite's result codes. The lowest byte of an extended code is one of these.
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteNoMemory   = 7
	sqliteReadOnly   = 8
	sqliteInterrupt  = 9
	sqliteIO         = 10
	sqliteCorrupt    = 11
	sqliteFull       = 13
	sqliteCannotOpen = 14
	sqliteProtocol   = 15
	sqliteTooBig     = 18
	sqliteConstraint = 19
	sqliteMismatch   = 20
	sqliteRange      = 25
	sqliteNoDatabase = 26
)

// errUncertain is in the error of a transaction whose outcome is unknown.
var errUncertain = errors.New("the connection was lost during the commit; it is not known whether the change was made")

// TroubleOf returns what an error says about the database. It is None for errors about
// rows, and for errors that do not come from a database. It is Unknown if it cannot be
// told; callers that wait for the database to recover wait for that as well.
func TroubleOf(err error) Trouble {
	var my *mysql.MySQLError
	var lite *sqlite.Error
	switch {
	case err == nil:
		return None
	case errors.Is(err, errUncertain):
		return Uncertain
	case errors.As(err, &my):
		return troubleOfMySQL(my)
	case errors.As(err, &lite):
		return troubleOfSQLite(lite.Code() & 0xff)
	case isLost(err):
		return Unreachable
	default:
		return None
	}
}

func troubleOfMySQL(err *mysql.MySQLError) Trouble {
	// Galera reports it with one of these texts, and with a number that has other
	// meanings.
	if strings.Contains(err.Message, "Message too long") || strings.Contains(err.Message, "riteset size") {
		return TooLarge
	}
	for trouble, numbers := range troubles {
		if slices.Contains(numbers, err.Number) {
			return trouble
		}
	}
	switch {
	case slices.Contains(tooLong, err.Number):
		return Slow
	case slices.Contains(rowErrors, err.Number):
		return None
	default:
		return Unknown
	}
}

func troubleOfSQLite(code int) Trouble {
	switch code {
	case sqliteBusy, sqliteLocked:
		return Busy
	case sqliteReadOnly:
		return ReadOnly
	case sqliteFull:
		return Full
	case sqliteCannotOpen:
		return Unreachable
	case sqliteTooBig, sqliteConstraint, sqliteMismatch, sqliteRange, sqliteInterrupt:
		return None
	case sqliteNoMemory, sqliteIO, sqliteCorrupt, sqliteProtocol, sqliteNoDatabase:
		return Broken
	default:
		return Unknown
	}
}

// isLost reports whether an error is about the connection and not about what was sent.
func isLost(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false // The caller has gone.
	}
	for _, lost := range []error{driver.ErrBadConn, mysql.ErrInvalidConn, mysql.ErrPktSync, sql.ErrConnDone} {
		if errors.Is(err, lost) {
			return true
		}
	}
	var none *notConnected
	return errors.As(err, &none)
}

// notConnected is an error of a connection that could not be made. Network errors also
// come from uploads and from other servers.
type notConnected struct{ error }

func (e *notConnected) Unwrap() error { return e.error }

// passes reports whether to try a transaction again: other transactions were in its way,
// or its connection was lost before the commit.
func passes(err error) bool {
	t := TroubleOf(err)
	return t == Busy || t == Unreachable
}
