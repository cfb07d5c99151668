package database

import (
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"
)

// The errors with which a server refuses a connection.
const (
	errAccessDenied         = 1045
	errDatabaseAccessDenied = 1044
)

// whatToCheck says what to check first if a database does not answer.
func whatToCheck(err error) string {
	var dial *net.OpError
	var my *mysql.MySQLError
	switch {
	case errors.As(err, &dial):
		return "check that it runs, and that the URL names its host and port, or its socket"
	case errors.As(err, &my) && (my.Number == errAccessDenied || my.Number == errDatabaseAccessDenied):
		return "check the user and the password in the URL, and the rights of that user"
	case errors.As(err, &my):
		return "check the database URL"
	default:
		return "check that the database URL names a file that can be read and written here, or a MySQL or MariaDB server"
	}
}
