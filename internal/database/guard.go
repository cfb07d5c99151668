package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sql-driver/mysql"
)

// guard is a trigger that protects the audit trail: it refuses forbidden changes, whoever
// sends the statement. Guards are not migrations. A table that SQLite rebuilds loses its
// triggers, and a MySQL server with a binary log lets only privileged accounts create
// triggers; the tables must be built without them then.
type guard struct{ name, sqlite, mysql string }

const (
	neverChanged = "the audit trail is never changed"
	// onlyErased is the condition that an UPDATE only erases a detail, the one change that
	// is allowed.
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

// The errors of a MySQL account that may not create triggers: with a binary log and
// without SUPER, and without the privilege TRIGGER.
var noTriggers = []uint16{1419, 1227, 1142}

const errTriggerExists = 1359

// connection is one connection or a pool.
type connection interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// mend creates the missing guards, if the account may.
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
			continue // A server of an older version has just created it.
		}
		if err != nil {
			return fmt.Errorf("trigger %s: %w", g.name, err)
		}
	}
	return nil
}

// Guarded reports whether the database itself refuses to change and remove entries of the
// audit trail. A MySQL server does not if the account may not create triggers.
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
