package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Mail is a plain-text message to one person.
type Mail struct {
	To, Subject, Text string
}

const (
	// deliverers is how many mails are sent at a time.
	deliverers = 4
	// mailPatience is how long a mail server may take.
	mailPatience = 30 * time.Second
	// sweepEvery is how often expired rows are removed.
	sweepEvery = 10 * time.Minute
	// linksKeptFor is how long a link is kept after it has ended, to answer questions about
	// it.
	linksKeptFor = 30 * 24 * time.Hour
)

// delivery is a link to create and send. Whether the account exists is looked up only
// after the request was answered, so the answer reveals nothing.
type delivery struct {
	email   string
	purpose onetimelink.Purpose
	// invitation is set if the mail is an invitation.
	invitation invitation
	// devices is what the browser that has asked for the link keeps; see WithDevices.
	devices string
	// by is the network that has asked for a link for a forgotten password.
	by string
	// notice is what has happened to the account, for a mail without a link.
	notice string
}

var (
	errNoMail = fault.Unavailablef("this server sends no mail; ask the person who runs it for a link")
	errOutbox = fault.Unavailablef("too many mails are waiting to be sent; try again in a few minutes").After(120)
)

// enqueue puts a mail into the outbox, or returns why it cannot.
func (s *Service) enqueue(d delivery) error {
	switch {
	case s.send == nil:
		return errNoMail
	case !s.outbox.put(d):
		return errOutbox
	default:
		return nil
	}
}

// Run sends mails and removes expired rows, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	ended := make(chan struct{}, deliverers)
	for i := range deliverers {
		go func() {
			defer func() { ended <- struct{}{} }()
			for ctx.Err() == nil {
				if d, waits := s.outbox.take(orderOf(i)...); waits {
					s.deliver(ctx, d)
					continue
				}
				select {
				case <-ctx.Done():
				case <-s.outbox.more:
				}
			}
		}()
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "remove sessions and links that have ended", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	for range deliverers {
		<-ended
	}
	return ctx.Err()
}

// deliver sends a link, if the account may have one.
func (s *Service) deliver(ctx context.Context, d delivery) {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	system := viewer.AsSystem(ctx, "link that was asked for")
	e, _, err := withAddress(system, s.db.Client(ctx), d.email)
	if err == nil && (e == nil || e.Disabled != 0 || e.Service != 0) {
		return
	}
	if err == nil && d.notice != "" {
		err = s.send(ctx, Mail{To: e.Email, Subject: "Your account for Homeroom has changed", Text: fmt.Sprintf(
			"%s,\n\n%s.\n\nIf it was not you, set a new password and tell your administrator.\n", hello(e), d.notice)})
	} else if provider := s.guard.Provider(fold.Address(d.email)); err == nil && provider != "" {
		err = s.send(ctx, s.greet(e, d.invitation, provider))
	} else if err == nil {
		err = s.sendLink(ctx, system, e, d)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "send a link", "purpose", d.purpose, "error", err)
	}
}

// sendLink makes a link and mails it, unless the mailbox has got enough.
func (s *Service) sendLink(ctx, system context.Context, e *db.Educator, d delivery) error {
	if d.purpose == onetimelink.PurposeRESET {
		if enough, err := s.isOneTooMany(system, e, d.devices); err != nil || enough {
			return err
		}
	}
	link, err := s.linkTo(system, d.purpose, educator.ID(e.ID), educator.Email(e.Email), educator.Disabled(0))
	if err != nil {
		return ignoreNotFound(err) // the address has changed meanwhile
	}
	return s.send(ctx, compose(e, d, link))
}

func compose(e *db.Educator, d delivery, link string) Mail {
	m := Mail{To: e.Email, Subject: "Set a new password for Homeroom"}
	reason, unless := "somebody, probably you, has asked for a new password",
		"If it was not you, you can ignore this mail; your password stays the same."
	if d.purpose == onetimelink.PurposeINVITE {
		m.Subject = "Your account for Homeroom"
		reason, unless = d.invitation.text(), "If you did not expect this, you can ignore it."
	}
	m.Text = fmt.Sprintf("%s,\n\n%s. Set your password here:\n\n%s\n\nThe link works once, for %s. %s\n",
		hello(e), reason, link, inWordsLong(linkLifetimes[d.purpose]), unless)
	return m
}

// greet invites somebody who signs in at a provider and has no password here.
func (s *Service) greet(e *db.Educator, i invitation, provider string) Mail {
	return Mail{To: e.Email, Subject: "Your account for Homeroom", Text: fmt.Sprintf(
		"%s,\n\n%s. Sign in with %s, with this address:\n\n%s\n\n"+
			"If you did not expect this, you can ignore it.\n", hello(e), i.text(), provider, s.linkBase)}
}

// inWordsLong writes a round number of hours or days.
func inWordsLong(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return plural(int(d/(24*time.Hour)), "day")
	}
	return plural(int(d/time.Hour), "hour")
}

// Sweep removes expired sessions, links and marks.
func (s *Service) Sweep(ctx context.Context) error {
	system, client, now := viewer.AsSystem(ctx, "what has ended"), s.db.Client(ctx), s.instant()
	_, sessions := client.Session.Delete().Where(s.over(now)).Exec(system)
	_, marks := client.SignInMark.Delete().Where(signinmark.UntilMsLT(now.UnixMilli())).Exec(system)
	_, steps := client.FactorChallenge.Delete().Where(factorchallenge.ExpiresAtLTE(now)).Exec(system)
	_, links := client.OneTimeLink.Delete().Where(onetimelink.ExpiresAtLT(now.Add(-linksKeptFor))).Exec(system)
	return errors.Join(sessions, marks, steps, links)
}
