package document

import (
	"context"
	"crypto/subtle"
	"fmt"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/operation"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Running says which operations a server runs.
type Running int

// The operations that run.
const (
	// AnyOperation is the default.
	AnyOperation Running = iota
	// RegisteredOperations are those that the operator has registered, and those of the
	// server's own pages.
	RegisteredOperations
	// RegisteredOrAdministrators adds all operations of administrators.
	RegisteredOrAdministrators
)

// Persisted lets clients send the SHA-256 of a document instead of the document, like
// Apollo's clients (extensions.persistedQuery) and the GraphQL over HTTP draft (documentId,
// which the transport has turned into the former). If the operator wants that, it refuses
// documents that are not registered. It runs before Guard, so a document that comes as a
// hash has to stay within the same limits as any other. What a GET may do is decided
// later, too.
type Persisted struct {
	running    Running
	registered *operation.Service
	failed     func(ctx context.Context, what string, err error) *gqlerror.Error
	// own are the documents of the server's own pages, by hash.
	own map[string]string
	// automatic are the valid documents that signed-in clients have sent together with
	// their hash. Only this server knows them.
	automatic *texts
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = (*Persisted)(nil)

// NewPersisted returns the persisted operations of an endpoint. registered is nil if none
// can be registered, own are the documents of the server's own pages, and failed answers a
// caller whose document could not be looked up.
func NewPersisted(
	running Running, registered *operation.Service, own []string,
	failed func(ctx context.Context, what string, err error) *gqlerror.Error,
) *Persisted {
	p := &Persisted{
		running: running, registered: registered, failed: failed,
		own: map[string]string{}, automatic: newTexts(),
	}
	for _, document := range own {
		p.own[operation.Hash(document)] = document
	}
	return p
}

// ExtensionName implements graphql.HandlerExtension.
func (*Persisted) ExtensionName() string { return "PersistedOperations" }

// Validate implements graphql.HandlerExtension.
func (*Persisted) Validate(graphql.ExecutableSchema) error { return nil }

// hashForm is a SHA-256 in hexadecimal.
var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

var (
	// Apollo's clients know these words and this code, and then send the document.
	errNotFound = transport.Errorf("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
	errMismatch = transport.Errorf("PERSISTED_QUERY_HASH_MISMATCH", "The sha256Hash does not match the query.")
	errHashForm = transport.Errorf("BAD_REQUEST",
		"The SHA-256 of a document is 64 hexadecimal digits: documentId is sha256: and the digits, "+
			"extensions.persistedQuery has version 1 and sha256Hash.")
	errUnlisted = transport.Errorf("OPERATION_NOT_REGISTERED",
		"This server runs only operations that its operator has registered, and this one is not registered.")
)

// hashIn returns the hash in a request, or an empty text.
func hashIn(extensions map[string]any) (string, *gqlerror.Error) {
	value, given := extensions["persistedQuery"]
	if !given {
		return "", nil
	}
	fields, _ := value.(map[string]any)
	hash, _ := fields["sha256Hash"].(string)
	hash = strings.ToLower(hash)
	if version, given := fields["version"]; !given || fmt.Sprint(version) != "1" || !hashForm.MatchString(hash) {
		return "", errHashForm
	}
	return hash, nil
}

// MutateOperationParameters replaces a hash by its document, before Guard looks at it.
func (p *Persisted) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	hash, bad := hashIn(params.Extensions)
	if bad != nil {
		return bad
	}
	// A subscription keeps its extensions for as long as it lasts. The server reads no other.
	params.Extensions = nil
	if hash != "" {
		params.Extensions = map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
	}
	free := p.free(viewer.FromContext(ctx))
	if params.Query != "" {
		actual := operation.Hash(params.Query)
		if hash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(actual)) != 1 {
			return errMismatch
		}
		if free {
			return nil
		}
		_, known, err := p.listed(ctx, actual)
		if err != nil {
			return p.failed(ctx, "a registered operation", err)
		}
		if !known {
			return errUnlisted
		}
		return nil
	}
	document, known, err := p.listed(ctx, hash)
	if err != nil {
		return p.failed(ctx, "a registered operation", err)
	}
	if !known && !free {
		return errUnlisted
	}
	if !known {
		document, known = p.automatic.get(hash)
	}
	if !known {
		return errNotFound
	}
	params.Query = document
	return nil
}

// MutateOperationContext remembers a document that came with its hash. At this point the
// document is valid and within all limits.
func (p *Persisted) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	v := viewer.FromContext(ctx)
	// A stranger must not push out what others use.
	if hash, bad := hashIn(oc.Extensions); bad == nil && hash != "" && v != nil && p.free(v) {
		p.automatic.add(hash, oc.RawQuery)
	}
	return nil
}

// free reports whether a caller may run operations that are not registered.
func (p *Persisted) free(v *viewer.Viewer) bool {
	return p.running == AnyOperation || p.running == RegisteredOrAdministrators && v.IsAdmin()
}

// listed returns the document of a hash if it is registered or one of the server's own.
func (p *Persisted) listed(ctx context.Context, hash string) (string, bool, error) {
	if document, known := p.own[hash]; known {
		return document, true, nil
	}
	if p.registered == nil {
		return "", false, nil
	}
	return p.registered.Find(ctx, hash)
}
