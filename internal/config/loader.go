package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Loader reads the settings of a command.
type Loader struct {
	sections []Section
	// also are sections that the command reads from the environment only.
	also   []Section
	flags  *pflag.FlagSet
	begins bool
}

// NewLoader registers the flags of the sections that a command needs. Their help names the
// environment variable and the default. A command with a database gets its URL, or the
// data folder that the database is in.
func NewLoader(flags *pflag.FlagSet, sections ...Section) *Loader {
	l := &Loader{sections: sections, flags: flags}
	for _, s := range Settings() {
		if l.takes(s) {
			f := flags.VarPF(&text{value: s.Default, form: s.Form}, s.Flag, "", s.Description+" [$"+s.Variable+"]")
			if s.Form == formBool {
				f.NoOptDefVal = "true"
			}
		}
	}
	return l
}

// MayBegin is for a command that fills an empty database: a data folder without a database
// stands for a new one. It returns the loader.
func (l *Loader) MayBegin() *Loader {
	l.begins = true
	return l
}

// Also makes a command read settings of the server for which it has no flags, because they
// are secret or do not concern it directly. They are read from the environment, which
// should be the server's. It does not report settings that only a server would need. It
// returns the loader.
func (l *Loader) Also(sections ...Section) *Loader {
	l.also = append(l.also, sections...)
	return l
}

// Again is Again of the flags of the command.
func (l *Loader) Again() string { return Again(l.flags) }

// Load returns the configuration after the flags were parsed, or everything that is wrong
// with it. An empty variable counts as not set; an empty flag counts as set.
func (l *Loader) Load(getenv func(string) string) (Config, error) {
	c := Default()
	var problems []error
	broken, told := map[string]bool{}, map[string]bool{}
	for _, s := range Settings() {
		value, given := l.value(s, getenv)
		if !l.takes(s) && !slices.Contains(l.also, s.Section) || !given {
			continue
		}
		told[s.Flag] = true
		if err := s.set(&c, value); err != nil {
			broken[s.Flag] = true
			for _, e := range each(err) {
				problems = append(problems, problem(s.Flag, "%v", e))
			}
		}
	}
	if l.uses(DatabaseSection) && !told[urlFlag] && told[dataFlag] && c.Secret.DataDir != "" {
		var err error
		if c.Database.URL, err = l.databaseOf(c.Secret.DataDir); err != nil {
			broken[urlFlag] = true
			problems = append(problems, err)
		}
	}
	// A setting that could not be read has its default, so a complaint about it would only
	// repeat the mistake.
	for _, err := range each(c.validate(l.uses)) {
		var p *Problem
		if !errors.As(err, &p) || !broken[p.Flag] {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return Config{}, errors.Join(problems...)
	}
	return c, nil
}

func (l *Loader) uses(s Section) bool { return slices.Contains(l.sections, s) }

// takes reports whether a command has a setting.
func (l *Loader) takes(s Setting) bool {
	return l.uses(s.Section) || s.Flag == dataFlag && l.uses(DatabaseSection)
}

func (l *Loader) value(s Setting, getenv func(string) string) (string, bool) {
	if f := l.flags.Lookup(s.Flag); f != nil && f.Changed {
		return f.Value.String(), true
	}
	v := getenv(s.Variable)
	return v, v != ""
}

// each splits a joined error into its parts.
func each(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}

// text is a flag that is parsed later, together with the variables.
type text struct{ value, form string }

func (t *text) String() string     { return t.value }
func (t *text) Set(v string) error { t.value = v; return nil }
func (t *text) Type() string       { return t.form }

// Markdown returns the table of all settings for the manual.
func Markdown() string {
	var b strings.Builder
	var section Section
	for _, s := range Settings() {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(&b,
				"\n### %s\n\n| Setting | Flag | Variable | Default | Meaning |\n| --- | --- | --- | --- | --- |\n", section)
		}
		byDefault := "none"
		if s.Default != "" {
			byDefault = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| %s | `--%s` | `%s` | %s | %s |\n", s.Name, s.Flag, s.Variable, byDefault,
			strings.ReplaceAll(sentence(s.Description), "|", `\|`))
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
