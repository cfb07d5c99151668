package graph

import "github.com/99designs/gqlgen/graphql"

// FewHeavy limits operations that keep a core busy for long.
func FewHeavy(l Limits) graphql.ResponseMiddleware { return fewHeavy(l) }
