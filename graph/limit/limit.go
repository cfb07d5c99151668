// Package limit says what one request, and one caller, may ask for.
package limit

import (
	"cmp"
	"runtime"
	"time"

	"github.com/openhomeroom/homeroom/graph/document"
)

// Limits are what one request, and one caller, may ask for. A field that is 0 has the
// default of Default.
type Limits struct {
	// UploadBytes is the largest request with files, in bytes.
	UploadBytes int64
	// UploadMemory is how much of an upload is kept in memory. The rest goes to a temporary
	// file.
	UploadMemory int64
	// UploadFiles is how many files a request may have. Uploads is how many requests with
	// files a caller may send at a time, and AllUploads how many all callers may.
	UploadFiles, Uploads, AllUploads int
	// UploadStorage is how many bytes of files may be arriving, or wait to become jobs, all
	// callers together. One caller gets a quarter of it, a district half; there is room for
	// two of the largest requests in any case.
	UploadStorage int64
	// RequestBytes is the largest request without files, and the largest message over a
	// WebSocket. The HTTP server has its own limit, which the operator sets; this one
	// applies if the endpoint runs without that server.
	RequestBytes int64
	// VariableBytes is the longest JSON text of variables. Decoded, they and the extensions
	// may take eight times as much memory together.
	VariableBytes int
	// StrangerBytes is the largest request from somebody who is not signed in, and
	// StrangerPatience how long it may take to arrive.
	StrangerBytes    int64
	StrangerPatience time.Duration
	// BodyMemory is how much memory requests without files, and what is decoded of them, may
	// hold until they are answered, all callers together. One caller gets at most an eighth of it, everybody
	// who is not signed in a quarter, and those of one network a 64th.
	BodyMemory int64
	// AnswersEach, AnswersDistrict and AnswersAll are what answers may take until they
	// are sent, in bytes: those of one caller, of all callers of a district, and of all.
	AnswersEach, AnswersDistrict, AnswersAll int64

	// These bound the documents; document.Limits says how.
	DocumentBytes, Tokens              int
	Depth, Fields, Aliases, RootFields int
	Fragments, Directives, Complexity  int
	// Entries is how many entries the lists of an answer may have together. What they cost
	// was estimated before.
	Entries int

	// Introspection says who may read the schema from the endpoint.
	Introspection document.Introspection
	// Running says which operations run. OwnOperations are the documents of the server's
	// own pages, which always run.
	Running       document.Running
	OwnOperations []string

	// Operations is how many operations a caller may run at a time. Others wait for
	// OperationWait, and are then refused. Subscriptions are counted separately.
	Operations, Subscriptions int
	// AllOperations is how many operations of all callers run at a time. The callers of one
	// district have half of this, and of whatever else is limited for all callers, unless
	// theirs is the only district.
	AllOperations int
	// AllSubscriptions is how many subscriptions all callers together may have.
	AllSubscriptions int
	OperationWait    time.Duration
	// Heavy is how many operations that keep a core busy a caller may run at a time, and
	// AllHeavy how many all callers may.
	Heavy, AllHeavy int
	// Sockets is how many WebSockets a caller may have open, and AllSockets how many all
	// callers may. NewSockets and AllNewSockets are how many may not have signed in yet,
	// from one network and from all.
	Sockets, AllSockets, NewSockets, AllNewSockets int
	// SocketOperations is how many operations run at a time on one WebSocket.
	SocketOperations int
	// InitTimeout is how long a WebSocket may take to authenticate.
	InitTimeout time.Duration
	// KeepAlive is how often a stream shows that it is alive.
	KeepAlive time.Duration
	// Patience limits how long a query or mutation over a stream may take. The HTTP server
	// limits the others.
	Patience time.Duration
	// SessionCheck is how often a server checks the sessions that have subscriptions:
	// whether they have ended, and which roles they have.
	SessionCheck time.Duration
	// SessionAge is how long the look-up of a session stays valid: an operation that
	// begins later looks it up again.
	SessionAge time.Duration
}

// Default is far more than the dashboard, the mobile app and GraphiQL need, and far
// less than what hurts.
func Default() Limits {
	d := document.DefaultLimits()
	return Limits{
		UploadBytes: 256 << 20, UploadMemory: 4 << 20, UploadFiles: 10, Uploads: 4, AllUploads: 64,
		UploadStorage: 4 << 30,
		RequestBytes:  1 << 20, VariableBytes: 1 << 20,
		StrangerBytes: 64 << 10, StrangerPatience: 10 * time.Second, BodyMemory: 128 << 20,
		AnswersEach: 64 << 20, AnswersDistrict: 256 << 20, AnswersAll: 512 << 20, Entries: 120_000,
		DocumentBytes: d.Bytes, Tokens: d.Tokens, Depth: d.Depth, Fields: d.Fields, Aliases: d.Aliases,
		RootFields: d.RootFields, Fragments: d.Fragments, Directives: d.Directives, Complexity: d.Complexity,
		Operations: 20, AllOperations: 1000, OperationWait: 2 * time.Second,
		Subscriptions: 20, AllSubscriptions: 10_000, SocketOperations: 20,
		Heavy: 1, AllHeavy: max(1, runtime.GOMAXPROCS(0)/2),
		Sockets: 20, AllSockets: 5000, NewSockets: 50, AllNewSockets: 1000,
		InitTimeout: 10 * time.Second, KeepAlive: 15 * time.Second, Patience: 30 * time.Second,
		SessionCheck: time.Second, SessionAge: time.Second,
	}
}

// WithDefaults fills the fields that are 0.
func (l Limits) WithDefaults() Limits {
	d := Default()
	return Limits{
		UploadBytes:      cmp.Or(l.UploadBytes, d.UploadBytes),
		UploadMemory:     cmp.Or(l.UploadMemory, d.UploadMemory),
		UploadFiles:      cmp.Or(l.UploadFiles, d.UploadFiles),
		Uploads:          cmp.Or(l.Uploads, d.Uploads),
		AllUploads:       cmp.Or(l.AllUploads, d.AllUploads),
		UploadStorage:    cmp.Or(l.UploadStorage, d.UploadStorage),
		RequestBytes:     cmp.Or(l.RequestBytes, d.RequestBytes),
		VariableBytes:    cmp.Or(l.VariableBytes, d.VariableBytes),
		StrangerBytes:    cmp.Or(l.StrangerBytes, d.StrangerBytes),
		StrangerPatience: cmp.Or(l.StrangerPatience, d.StrangerPatience),
		BodyMemory:       cmp.Or(l.BodyMemory, d.BodyMemory),
		AnswersEach:      cmp.Or(l.AnswersEach, d.AnswersEach),
		AnswersDistrict:  cmp.Or(l.AnswersDistrict, d.AnswersDistrict),
		AnswersAll:       cmp.Or(l.AnswersAll, d.AnswersAll),
		DocumentBytes:    cmp.Or(l.DocumentBytes, d.DocumentBytes),
		Tokens:           cmp.Or(l.Tokens, d.Tokens),
		Depth:            cmp.Or(l.Depth, d.Depth),
		Fields:           cmp.Or(l.Fields, d.Fields),
		Aliases:          cmp.Or(l.Aliases, d.Aliases),
		RootFields:       cmp.Or(l.RootFields, d.RootFields),
		Fragments:        cmp.Or(l.Fragments, d.Fragments),
		Directives:       cmp.Or(l.Directives, d.Directives),
		Complexity:       cmp.Or(l.Complexity, d.Complexity),
		Entries:          cmp.Or(l.Entries, d.Entries),
		Heavy:            cmp.Or(l.Heavy, d.Heavy),
		AllHeavy:         cmp.Or(l.AllHeavy, d.AllHeavy),
		AllSubscriptions: cmp.Or(l.AllSubscriptions, d.AllSubscriptions),
		Introspection:    l.Introspection,
		Running:          l.Running,
		OwnOperations:    l.OwnOperations,
		Operations:       cmp.Or(l.Operations, d.Operations),
		AllOperations:    cmp.Or(l.AllOperations, d.AllOperations),
		Subscriptions:    cmp.Or(l.Subscriptions, d.Subscriptions),
		OperationWait:    cmp.Or(l.OperationWait, d.OperationWait),
		Sockets:          cmp.Or(l.Sockets, d.Sockets),
		AllSockets:       cmp.Or(l.AllSockets, d.AllSockets),
		NewSockets:       cmp.Or(l.NewSockets, d.NewSockets),
		AllNewSockets:    cmp.Or(l.AllNewSockets, d.AllNewSockets),
		SocketOperations: cmp.Or(l.SocketOperations, d.SocketOperations),
		InitTimeout:      cmp.Or(l.InitTimeout, d.InitTimeout),
		KeepAlive:        cmp.Or(l.KeepAlive, d.KeepAlive),
		Patience:         cmp.Or(l.Patience, d.Patience),
		SessionCheck:     cmp.Or(l.SessionCheck, d.SessionCheck),
		SessionAge:       cmp.Or(l.SessionAge, d.SessionAge),
	}
}

// Documents returns the limits of documents, with their defaults.
func (l Limits) Documents() document.Limits {
	l = l.WithDefaults()
	return document.Limits{
		Bytes: l.DocumentBytes, Tokens: l.Tokens, Depth: l.Depth, Fields: l.Fields, Aliases: l.Aliases,
		RootFields: l.RootFields, Fragments: l.Fragments, Directives: l.Directives, Complexity: l.Complexity,
		Introspection: l.Introspection,
	}
}
