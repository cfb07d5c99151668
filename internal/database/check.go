package database

import (
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"
)

// The reasons of a server not to let somebody in.
const (
	errAccessDenied         = 1045
	errDatabaseAccessDenied = 1044
)

// whatToCheck says what a person looks at first where a database does not answer.
func whatToCheck(err error) string {
	var dial *net.OpError
	var my *mysql.MySQLError
	switch {
	case errors.As(err, &dial):
		return "check that it runs, and that its URL names the host and the port, or the socket, at which it does"
	case errors.As(err, &my) && (my.Number == errAccessDenied || my.Number == errDatabaseAccessDenied):
		return "check the user and the password in its URL, and what that user is granted"
	case errors.As(err, &my):
		return "check what its URL names"
	default:
		return "check that its URL names a file, or a server of MySQL or MariaDB, which may be read and written from here"
	}
}
