// Package graph answers GraphQL operations: a resolver is one query or one call
// of a service.
package graph
