package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Limits bound what one operation, and one caller, may ask of the server. The limits of
// whole requests are in Server.
type Limits struct {
	// DocumentBytes and Tokens limit the text of an operation.
	DocumentBytes int64
	Tokens        int
	// Depth, Fields, Aliases, RootFields and Complexity limit what it asks for.
	Depth, Fields, Aliases, RootFields, Complexity int
	// Operations, Subscriptions and Uploads are how many a caller may have at a time.
	Operations, Subscriptions, Uploads int
	// Sockets and AllSockets are how many WebSockets one caller and all callers may have
	// open. NewSockets and AllNewSockets are how many of them may not have signed in yet,
	// from one network and from all.
	Sockets, AllSockets, NewSockets, AllNewSockets int
	// AllSubscriptions is how many subscriptions all callers together may have open.
	AllSubscriptions int
	// Downloads and AllDownloads are how many files are made at a time, for one caller and
	// for all.
	Downloads, AllDownloads int
	// BodyMemory is how much memory requests may hold, with their decoded variables, while
	// they arrive or wait for their answer.
	BodyMemory int64
	// UploadStorage is how many bytes of files may be arriving, or wait to become jobs.
	UploadStorage int64
	// StatementTimeout is how long the database may work on one statement.
	StatementTimeout time.Duration
}

// bound is the smallest and largest value of a numeric setting. The largest value keeps a
// typing error from switching a limit off.
type bound struct {
	flag        string
	value       func(*Limits) *int
	least, most int
	// what says what happens below least, or above most.
	what string
}

var bounds = []bound{
	{"max-tokens", func(l *Limits) *int {
		return &l.Tokens
	}, 200, 100_000, "a page of students with their groups has about 100"},
	{"max-depth", func(l *Limits) *int { return &l.Depth }, 5, 100, "GraphiQL's own query needs 13"},
	{"max-fields", func(l *Limits) *int {
		return &l.Fields
	}, 50, 5000, "GraphiQL's own query needs 240, and the time to check grows with the square of the number"},
	{"max-aliases", func(l *Limits) *int { return &l.Aliases }, 1, 5000, "each alias can repeat a field"},
	{"max-root-fields", func(l *Limits) *int { return &l.RootFields }, 1, 500, "each needs a query of its own"},
	{"max-complexity", func(l *Limits) *int {
		return &l.Complexity
	}, 1000, 10_000_000, "a page of 500 students with their groups has 50,000"},
	{"max-operations", func(l *Limits) *int { return &l.Operations }, 1, 1000, "they run at the same time"},
	{"max-subscriptions", func(l *Limits) *int {
		return &l.Subscriptions
	}, 1, 10_000, "each looks at the database every second"},
	{"max-uploads", func(l *Limits) *int { return &l.Uploads }, 1, 100, "each takes room on the disk"},
	{"max-downloads", func(l *Limits) *int { return &l.Downloads }, 1, 100, "each reads a whole list"},
	{"max-all-downloads", func(l *Limits) *int {
		return &l.AllDownloads
	}, 1, 1000, "each keeps a connection to the database"},
	{"max-all-subscriptions", func(l *Limits) *int {
		return &l.AllSubscriptions
	}, 1, 1_000_000, "each looks at the database every second"},
	{"max-sockets", func(l *Limits) *int { return &l.Sockets }, 1, 10_000, "each page of the dashboard has one"},
	{"max-all-sockets", func(l *Limits) *int { return &l.AllSockets }, 1, 1_000_000, "each takes 50 KiB of memory"},
	{"max-new-sockets", func(l *Limits) *int {
		return &l.NewSockets
	}, 1, 100_000, "a school may stand behind one address"},
	{"max-all-new-sockets", func(l *Limits) *int { return &l.AllNewSockets }, 1, 1_000_000, "each takes 50 KiB of memory"},
}

// Validate reports everything that is wrong.
func (l Limits) Validate() error {
	var problems []error
	if l.DocumentBytes < 1<<10 || l.DocumentBytes > 16<<20 {
		problems = append(problems,
			problem("max-document-bytes", "%s is not between 1KiB and 16MiB", formatSize(l.DocumentBytes)))
	}
	for _, b := range bounds {
		if v := *b.value(&l); v < b.least || v > b.most {
			problems = append(problems, problem(b.flag, "%d is not between %d and %d; %s", v, b.least, b.most, b.what))
		}
	}
	if l.BodyMemory < 1<<20 {
		problems = append(problems, problem("max-body-memory", "%s is less than 1MiB", formatSize(l.BodyMemory)))
	}
	if l.UploadStorage < 1<<20 {
		problems = append(problems, problem("max-upload-storage", "%s is less than 1MiB", formatSize(l.UploadStorage)))
	}
	if l.StatementTimeout < time.Second || l.StatementTimeout > time.Hour {
		problems = append(problems, problem("statement-timeout", "%v is not between 1s and 1h", l.StatementTimeout))
	}
	return errors.Join(problems...)
}

// settings describes the limits.
func (l Limits) settings() []Setting {
	list := []Setting{{
		Section:     LimitSection,
		Name:        "document limit",
		Flag:        "max-document-bytes",
		Form:        "size",
		Default:     formatSize(l.DocumentBytes),
		Description: "the longest text of an operation",
		set:         func(c *Config, v string) error { return store(&c.Limits.DocumentBytes, parseSize)(v) },
	}}
	described := map[string][2]string{
		"max-tokens":      {"token limit", "how many names, values and punctuation marks an operation may have"},
		"max-depth":       {"depth limit", "how deeply the fields of an operation may be nested"},
		"max-fields":      {"field limit", "how many fields an operation may ask for, with its fragments expanded"},
		"max-aliases":     {"alias limit", "how many aliases an operation may have"},
		"max-root-fields": {"root field limit", "how many fields an operation may have at its top level"},
		"max-complexity": {"complexity limit",
			"how many points an operation may cost: a field costs one, and a list its rows times the cost of one row"},
		"max-operations": {"operations at a time",
			"how many operations of one caller run at a time; further ones wait for up to 2 seconds"},
		"max-subscriptions": {"subscriptions at a time", "how many subscriptions one caller may have open"},
		"max-uploads":       {"uploads at a time", "how many requests with files one caller may send at a time"},
		"max-downloads": {"downloads at a time",
			"how many files are made for one caller at a time; further ones wait for up to 10 seconds"},
		"max-all-downloads": {"all downloads at a time",
			"how many files one server makes for all callers at a time; further ones wait for up to 10 seconds"},
		"max-all-subscriptions": {"all subscriptions",
			"how many subscriptions all callers together may have open on one server"},
		"max-sockets":     {"WebSockets of a caller", "how many WebSockets one caller may have open"},
		"max-all-sockets": {"WebSockets", "how many WebSockets all callers together may have open on one server"},
		"max-new-sockets": {"WebSockets not signed in",
			"how many WebSockets that have not signed in yet one address (for IPv6, one /64 network) may have open; " +
				"they have 10 seconds to sign in"},
		"max-all-new-sockets": {"all WebSockets not signed in",
			"how many WebSockets that have not signed in yet all addresses together may have open on one server"},
	}
	for _, b := range bounds {
		text := described[b.flag]
		list = append(list, Setting{
			Section:     LimitSection,
			Name:        text[0],
			Flag:        b.flag,
			Form:        "number",
			Default:     strconv.Itoa(*b.value(&l)),
			Description: text[1],
			set:         func(c *Config, v string) error { return store(b.value(&c.Limits), parseCount)(v) },
		})
	}
	return append(list, Setting{
		Section: LimitSection, Name: "body memory", Flag: "max-body-memory", Form: "size", Default: formatSize(l.BodyMemory),
		Description: "the memory for requests without files and their decoded variables, from their arrival to their " +
			"answer: one caller gets at most an eighth of it, all callers who are not signed in a quarter, and those at one " +
			"address a 64th; " +
			"two requests of the largest size always fit",
		set: func(c *Config, v string) error { return store(&c.Limits.BodyMemory, parseSize)(v) },
	}, Setting{
		Section: LimitSection, Name: "upload storage", Flag: "max-upload-storage", Form: "size",
		Default: formatSize(l.UploadStorage),
		Description: "how many bytes of files may be arriving at one server, or wait there to become jobs: one caller gets " +
			"at most a quarter, and a district half; two of the largest requests have room in any case",
		set: func(c *Config, v string) error { return store(&c.Limits.UploadStorage, parseSize)(v) },
	}, Setting{
		Section: LimitSection,
		Name:    "statement timeout",
		Flag:    "statement-timeout",
		Form:    "duration",
		Default: formatDuration(l.StatementTimeout),
		Description: "how long MySQL or MariaDB may work on one statement before it stops; " +
			"on an embedded database, a statement stops with its request",
		set: func(c *Config, v string) error { return store(&c.Limits.StatementTimeout, parseDuration)(v) },
	})
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(s), ",", ""))
	if err != nil {
		return 0, fmt.Errorf("%s is not a number; write digits, such as 5000", quote.Text(s))
	}
	return n, nil
}
