// Package migrations holds the versioned SQL that builds the tables, one folder
// for each kind of database. The files are written by `make migration`, which
// compares ent/schema with what the files before it build; they are applied in
// the order of their names and never changed once released.
package migrations

import "embed"

//go:embed mysql/*.sql sqlite/*.sql
var files embed.FS

// Files returns the migrations of a kind of database, "mysql" or "sqlite".
func Files(kind string) ([]File, error) {
	entries, err := files.ReadDir(kind)
	if err != nil {
		return nil, err
	}
	var list []File
	for _, e := range entries {
		content, err := files.ReadFile(kind + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, File{Name: e.Name(), SQL: string(content)})
	}
	return list, nil
}

// File is one migration; its name is its version.
type File struct{ Name, SQL string }
