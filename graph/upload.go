package graph

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var (
	errTooManyUploads = tooMany("you are sending too many files at once; wait for some to arrive").After(crowdedSeconds)
	errTooManyStored  = retryLater(tooManyRequests,
		"Files of yours that are arriving take as much room as you have; wait for some to end.")
	errNoFile = transport.Errorf("BAD_REQUEST", "The operation does not take each file of the request; nothing was read.")
)

// admitFiles decides whether a request may bring files, before anything of it is read.
func (r *Resolver) admitFiles(uploads *gate) func(context.Context) (func(), *gqlerror.Error) {
	return func(ctx context.Context) (func(), *gqlerror.Error) {
		v := viewer.FromContext(ctx)
		refuse := func(why *fault.Error) (func(), *gqlerror.Error) {
			r.refuseUpload(ctx, why)
			return nil, presented(why)
		}
		switch {
		case v == nil:
			return refuse(errSignIn) // a stranger must not fill the disk
		case v.BeforeSecondFactor:
			return refuse(errSetUp)
		}
		leave, ok := uploads.enter(ctx, v)
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
		r.refuseUpload(ctx, errNotForKey)
		return presented(errNotForKey)
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

// storedShare is the part of the room for files that one caller has.
const storedShare = 4

// stored is the room for the bytes of files that arrive or are about to become jobs, in
// memory or on the disk.
type stored struct {
	pool      *allowance.Pool
	each, all int64
}

func newStored(l Limits) *stored {
	// Whatever the setting, a district has room for one request.
	all := max(l.UploadStorage, 2*l.UploadBytes)
	return &stored{pool: allowance.NewPool(), each: max(all/storedShare, l.UploadBytes), all: all}
}

func (s *stored) room(ctx context.Context) transport.Room {
	return storedRoom{s.pool.Enter(nil, levelsOf(viewer.FromContext(ctx), s.each, s.all)...)}
}

// storedRoom is the room of one request. It lasts until the request is answered, however
// that ends.
type storedRoom struct{ *allowance.Holder }

// Take implements transport.Room.
func (s storedRoom) Take(bytes int) *gqlerror.Error {
	if err := s.Holder.Take(int64(bytes)); err != nil {
		return crowded(err, errTooManyStored)
	}
	return nil
}

// Arriving implements transport.Room. Nobody makes room: what arrives has a least speed.
func (storedRoom) Arriving(int64, func()) func() { return func() {} }
