package graph

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var (
	errTooManyUploads = problem.TooMany("you are sending too many files at once; wait for some to arrive").
				After(share.RetrySeconds)
	errNoFile = transport.Errorf("BAD_REQUEST",
		"The operation does not take each file of the request; nothing was read.")
)

// admitFiles decides whether a request may bring files, before anything of it is read.
func (r *Resolver) admitFiles(uploads *share.Gate) func(context.Context) (func(), *gqlerror.Error) {
	return func(ctx context.Context) (func(), *gqlerror.Error) {
		v := viewer.FromContext(ctx)
		refuse := func(why *fault.Error) (func(), *gqlerror.Error) {
			trail.RefuseUpload(ctx, r.Audit, why)
			return nil, problem.Presented(why)
		}
		switch {
		case v == nil:
			return refuse(errSignIn) // a stranger must not fill the disk
		case v.BeforeSecondFactor:
			return refuse(errSetUp)
		}
		leave, ok := uploads.Enter(ctx, v)
		if !ok {
			return refuse(errTooManyUploads)
		}
		return leave, nil
	}
}

// takingFiles are the mutations that take files. Each has one at input.file.
var takingFiles = map[string]bool{"submitBulkImport": true}

// takesFiles decides whether an operation takes its files, before one of them is read: a
// mutation does that takes files, if the caller may import such a file there.
func (r *Resolver) takesFiles(ctx context.Context, oc *graphql.OperationContext, files int) error {
	if v := viewer.FromContext(ctx); v.Key != nil && !inScope(v, oc) {
		trail.RefuseUpload(ctx, r.Audit, errNotForKey)
		return problem.Presented(errNotForKey)
	}
	taken := map[io.ReadSeeker]bool{}
	var refused error
	for _, f := range rootFields(oc) {
		in, _ := f.ArgumentMap(oc.Variables)["input"].(map[string]any)
		file, given := in["file"].(graphql.Upload)
		if !takingFiles[f.Name] || !given {
			continue
		}
		taken[file.File] = true
		refused = errors.Join(refused, r.maySubmit(ctx, in))
	}
	if len(taken) != files {
		return errNoFile
	}
	return refused
}

func (r *Resolver) maySubmit(ctx context.Context, in map[string]any) error {
	id, _ := in["organizationId"].(string)
	organization, err := key(globalid.Organization, id, "organizationId")
	if err != nil {
		return err
	}
	kind, _ := in["kind"].(string)
	return r.Importer.MaySubmit(ctx, organization, bulkjob.Kind(kind))
}
