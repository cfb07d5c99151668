package config

import (
	"errors"
	"strconv"
	"time"
)

// Uploads limit bulk jobs of all kinds: uploads, bulk edits, bulk deletions, and corrected
// rows that are submitted again.
type Uploads struct {
	// Person, Key and District are the quotas of a person, of a program with a service key,
	// and of a district.
	Person, Key, District Quota
	// CheckTime is how much CPU time the check of one file may take, in addition to an
	// allowance for each row.
	CheckTime time.Duration
	// TakenAnswers is how often in a day an account is told that an ID or username is taken
	// by somebody whom it does not see.
	TakenAnswers int
}

// Quota limits the jobs of a person, a program or a district.
type Quota struct {
	// Jobs limits the jobs that wait to be checked, started or approved.
	Jobs int
	// Bytes limits the files of jobs that have not ended, and what is kept of their refused
	// rows.
	Bytes int64
	// Daily limits the jobs that are submitted within 24 hours.
	Daily int
}

// defaultUploads are enough for a district of a million students with nightly
// synchronization. Small installations may want less.
func defaultUploads() Uploads {
	return Uploads{
		Person:    Quota{Jobs: 100, Bytes: 1 << 30, Daily: 1000},
		Key:       Quota{Jobs: 5000, Bytes: 4 << 30, Daily: 20_000},
		District:  Quota{Jobs: 20_000, Bytes: 16 << 30, Daily: 100_000},
		CheckTime: 2 * time.Minute, TakenAnswers: 100,
	}
}

// quotas names them in the order in which they are described.
var quotas = []struct {
	name, whose string
	of          func(*Uploads) *Quota
}{
	{"person", "of one person", func(u *Uploads) *Quota { return &u.Person }},
	{"key", "of one service key", func(u *Uploads) *Quota { return &u.Key }},
	{"district", "of one district", func(u *Uploads) *Quota { return &u.District }},
}

// Validate reports everything that is wrong.
func (u Uploads) Validate() error {
	var problems []error
	for _, q := range quotas {
		is := q.of(&u)
		if is.Jobs < 1 || is.Jobs > 10_000_000 {
			problems = append(problems,
				problem("quota-"+q.name+"-jobs", "%d is not between 1 and 10000000; with 0 nobody could upload", is.Jobs))
		}
		if is.Bytes < 1<<20 || is.Bytes > 1<<50 {
			problems = append(problems,
				problem("quota-"+q.name+"-bytes",
					"%s is not between 1MiB and 1PiB; a district of a million students has files of 150MiB", formatSize(is.Bytes)))
		}
		if is.Daily < 1 || is.Daily > 10_000_000 {
			problems = append(problems,
				problem("quota-"+q.name+"-daily", "%d is not between 1 and 10000000; with 0 nobody could upload", is.Daily))
		}
	}
	if u.CheckTime < 10*time.Second || u.CheckTime > 24*time.Hour {
		problems = append(problems,
			problem("check-time",
				"%v is not between 10s and 24h; a workbook of 700,000 students takes up to a minute", u.CheckTime))
	}
	if u.TakenAnswers < 1 || u.TakenAnswers > 1_000_000 {
		problems = append(problems,
			problem("taken-answers", "%d is not between 1 and 1000000; a class that comes from another school has about 30",
				u.TakenAnswers))
	}
	return errors.Join(problems...)
}

// settings describes them.
func (u Uploads) settings() (list []Setting) {
	for _, q := range quotas {
		add := func(name, kind, form, value, description string, set func(c *Config, v string) error) {
			list = append(list,
				Setting{Section: UploadSection, Name: name, Flag: "quota-" + q.name + "-" + kind, Form: form, Default: value,
					Description: description, set: set})
		}
		is := *q.of(&u)
		add("waiting jobs "+q.whose, "jobs", "number", strconv.Itoa(is.Jobs),
			"how many bulk jobs "+q.whose+
				" may wait to be checked, started or approved; uploads, bulk edits and deletions, "+
				"and corrected rows that are submitted anew",
			func(c *Config, v string) error { return store(&q.of(&c.Uploads).Jobs, parseCount)(v) })
		add("stored files "+q.whose, "bytes", "size", formatSize(is.Bytes),
			"the total size of the files of all bulk jobs "+q.whose+" that have not ended, and of what is kept of their "+
				"refused rows and warnings",
			func(c *Config, v string) error { return store(&q.of(&c.Uploads).Bytes, parseSize)(v) })
		add("daily jobs "+q.whose, "daily", "number", strconv.Itoa(is.Daily),
			"how many bulk jobs "+q.whose+" may be submitted within 24 hours",
			func(c *Config, v string) error { return store(&q.of(&c.Uploads).Daily, parseCount)(v) })
	}
	return append(list, Setting{
		Section: UploadSection,
		Name:    "check time",
		Flag:    "check-time",
		Form:    "duration",
		Default: formatDuration(u.CheckTime),
		Description: "how much CPU time the check of one file may take, plus a millisecond for each of its " +
			"rows, before the job fails",
		set: func(c *Config, v string) error { return store(&c.Uploads.CheckTime, parseDuration)(v) },
	}, Setting{
		Section: UploadSection,
		Name:    "answers that something is taken",
		Flag:    "taken-answers",
		Form:    "number",
		Default: strconv.Itoa(u.TakenAnswers),
		Description: "how often a day, in UTC, one account may learn that a Student ID, a username or an address is taken " +
			"by " +
			"somebody whom it cannot see, counting files, corrections and single changes, " +
			"before an administrator of the district has to help",
		set: func(c *Config, v string) error { return store(&c.Uploads.TakenAnswers, parseCount)(v) },
	})
}
