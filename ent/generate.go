// Package ent holds the entities of Homeroom: schema is written by hand, db is
// the client generated from it, rule decides who may see and change what, and
// migrations holds the versioned SQL.
package ent

//go:generate go tool ent generate --target ./db --feature privacy,sql/modifier,sql/lock,sql/execquery,sql/upsert,schema/snapshot,sql/versioned-migration ./schema
