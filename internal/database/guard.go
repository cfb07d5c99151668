package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sql-driver/mysql"
)

// guard is a trigger that refuses what nobody may do to the audit trail, whoever
// sends the statement. Guards are no migrations: a table that SQLite rebuilds loses
// its triggers, and a MySQL server that writes a binary log lets only a privileged
// account make one, without which the tables must still be built.
type guard struct{ name, sqlite, mysql string }

const (
	neverChanged = "the audit trail is never changed"
	// onlyErased is what is left of a detail by the one change that is allowed.
	onlyErased = "NEW.body IS NULL AND NEW.salt IS NULL AND NEW.id = OLD.id AND NEW.district_id = OLD.district_id AND " +
		"NEW.seq = OLD.seq AND NEW.position = OLD.position AND NEW.subject_type = OLD.subject_type AND NEW.subject_id = " +
		"OLD.subject_id AND NEW.digest = OLD.digest AND NEW.created_at = OLD.created_at"
)

var guards = []guard{
	refusing("audit_events_are_not_changed", "UPDATE ON audit_events"),
	refusing("audit_events_are_not_removed", "DELETE ON audit_events"),
	refusing("audit_details_are_not_removed", "DELETE ON audit_details"),
	{
		"audit_details_are_only_erased",
		"CREATE TRIGGER audit_details_are_only_erased BEFORE UPDATE ON audit_details WHEN NOT (" + onlyErased +
			") BEGIN SELECT RAISE(ABORT, '" + neverChanged + "'); END",
		"CREATE TRIGGER audit_details_are_only_erased BEFORE UPDATE ON audit_details FOR EACH ROW IF NOT (" + onlyErased +
			") THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '" + neverChanged + "'; END IF",
	},
}

func refusing(name, statement string) guard {
	return guard{
		name,
		"CREATE TRIGGER " + name + " BEFORE " + statement + " BEGIN SELECT RAISE(ABORT, '" + neverChanged + "'); END",
		"CREATE TRIGGER " + name + " BEFORE " + statement + " FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '" +
			neverChanged + "'",
	}
}

// The errors of a MySQL account that may make no triggers: with a binary log
// without SUPER, and without the privilege TRIGGER.
var noTriggers = []uint16{1419, 1227, 1142}

const errTriggerExists = 1359

// connection is a connection or several.
type connection interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// mend makes the guards that are missing, as far as the account may.
func (d *DB) mend(ctx context.Context, conn connection) error {
	missing, err := d.missingGuards(ctx, conn)
	if err != nil {
		return err
	}
	for _, g := range missing {
		statement := g.mysql
		if d.kind == SQLite {
			statement = g.sqlite
		}
		_, err := conn.ExecContext(ctx, statement)
		var my *mysql.MySQLError
		if errors.As(err, &my) && slices.Contains(noTriggers, my.Number) {
			return nil
		}
		if my != nil && my.Number == errTriggerExists {
			continue // A server of an older version has made it at this moment.
		}
		if err != nil {
			return fmt.Errorf("trigger %s: %w", g.name, err)
		}
	}
	return nil
}

// Guarded reports whether the database itself refuses to change and remove entries
// of the audit trail. It does not on a MySQL server on which the account may make
// no triggers.
func (d *DB) Guarded(ctx context.Context) (bool, error) {
	missing, err := d.missingGuards(ctx, d.sql)
	return err == nil && len(missing) == 0, err
}

func (d *DB) missingGuards(ctx context.Context, conn connection) (missing []guard, err error) {
	query := "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name = ?"
	if d.kind == SQLite {
		query = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name = ?"
	}
	for _, g := range guards {
		var n int
		if err := conn.QueryRowContext(ctx, query, g.name).Scan(&n); err != nil {
			return nil, err
		}
		if n == 0 {
			missing = append(missing, g)
		}
	}
	return missing, nil
}
