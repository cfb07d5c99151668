package database

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	quotedName = regexp.MustCompile("`([^`]+)`")
	// The counter in the definition of a table changes when rows are added.
	nextNumber = regexp.MustCompile(` AUTO_INCREMENT=[0-9]+`)
	// ofRows matches the beginning of statements that are part of a transaction.
	ofRows = regexp.MustCompile(`(?i)^\s*(INSERT|UPDATE|DELETE|REPLACE)\b`)
	// takesAway matches statements for which the existing names do not show whether they
	// have been carried out.
	takesAway = regexp.MustCompile(`(?i)\b(DROP|MODIFY|CHANGE|RENAME)\b`)
	newTable  = regexp.MustCompile(`(?i)^\s*CREATE\s+TABLE\b`)
)

func changesRows(statement string) bool { return ofRows.MatchString(statement) }

// names returns the quoted names in a statement, each once. Migrations quote all names.
func names(statement string) []string {
	set := map[string]bool{}
	for _, m := range quotedName.FindAllStringSubmatch(statement, -1) {
		set[m[1]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// tables returns the names that are tables.
func (m *migrator) tables(ctx context.Context, of []string) ([]string, error) {
	return m.column(ctx,
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ("+marks(of)+
			") ORDER BY table_name", of)
}

// digest returns a digest of the tables that a statement names: of which of them exist,
// and of their indexes, constraints and triggers.
func (m *migrator) digest(ctx context.Context, statement string) (string, error) {
	of := names(statement)
	tables, err := m.tables(ctx, of)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, table := range tables {
		var name, definition string
		if err := m.db.sql.QueryRowContext(ctx, "SHOW CREATE TABLE `"+table+"`").Scan(&name, &definition); err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s\n%s\n", name, nextNumber.ReplaceAllString(definition, ""))
	}
	triggers, err := m.column(ctx,
		"SELECT CONCAT_WS(' ', trigger_name, action_timing, event_manipulation, event_object_table, action_statement) "+
			"FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND (trigger_name IN ("+marks(of)+
			") OR event_object_table IN ("+marks(of)+")) ORDER BY trigger_name", of, of)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(sum, "%q", triggers)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// stands reports whether everything that a statement creates exists. It is for databases
// whose last server noted nothing before a statement; the migrations of that time only
// created tables, columns and indexes.
func (m *migrator) stands(ctx context.Context, statement string) (bool, error) {
	of := quotedName.FindStringSubmatch(statement)
	if of == nil || takesAway.MatchString(statement) {
		return false, nil
	}
	table, wanted := of[1], names(statement)
	columns, err := m.column(ctx,
		"SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
		[]string{table})
	if err != nil || len(columns) == 0 {
		return false, err
	}
	if newTable.MatchString(statement) {
		for _, c := range columns {
			if !slices.Contains(wanted, c) {
				return false, nil // A table with that name which no migration has created.
			}
		}
	}
	there, err := m.column(ctx,
		"SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? "+
			"UNION SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE() AND "+
			"table_name = ? UNION SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
		[]string{table}, []string{table})
	if err != nil {
		return false, err
	}
	for _, name := range wanted {
		if !slices.Contains(columns, name) && !slices.Contains(there, name) {
			return false, nil
		}
	}
	return true, nil
}

// column returns the only column of a query.
func (m *migrator) column(ctx context.Context, query string, of ...[]string) (values []string, err error) {
	var args []any
	for _, list := range of {
		for _, value := range list {
			args = append(args, value)
		}
	}
	rows, err := m.db.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// marks returns placeholders for values; without values it returns one that matches no
// name.
func marks(values []string) string {
	if len(values) == 0 {
		return "NULL"
	}
	return "?" + strings.Repeat(", ?", len(values)-1)
}
