package config_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

func TestSettingsOfAccounts(t *testing.T) {
	t.Parallel()
	base := map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:homeroom.db"}
	with := func(more map[string]string) map[string]string {
		all := map[string]string{}
		for _, m := range []map[string]string{base, more} {
			maps.Copy(all, m)
		}
		return all
	}
	t.Run("networks and single addresses are proxies", func(t *testing.T) {
		t.Parallel()
		c, err := load(t, nil, with(map[string]string{
			"HOMEROOM_TRUSTED_PROXIES": "10.1.2.3/8, 192.0.2.1,, 2001:db8::/32", "HOMEROOM_SESSION_IDLE_TIMEOUT": "45m",
		}), everything...)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(c.Server.TrustedProxies); got != "[10.0.0.0/8 192.0.2.1/32 2001:db8::/32]" {
			t.Errorf("proxies %s", got)
		}
		if c.Session.IdleTimeout != 45*time.Minute {
			t.Errorf("idle time-out %v", c.Session.IdleTimeout)
		}
	})
	t.Run("a mail server comes with a sender and the address of this one", func(t *testing.T) {
		t.Parallel()
		if _, err := load(t, nil, with(map[string]string{
			"HOMEROOM_SMTP_URL": "smtp://user:p%40ss@mail.example.org", "HOMEROOM_MAIL_FROM": "Homeroom <homeroom@example.org>",
			"HOMEROOM_PUBLIC_URL": "https://homeroom.example.org",
		}), everything...); err != nil {
			t.Error(err)
		}
	})
	for name, c := range map[string]struct {
		variables map[string]string
		want      []string
	}{
		"everybody is no proxy":               {map[string]string{"HOMEROOM_TRUSTED_PROXIES": "0.0.0.0/0"}, []string{"--trusted-proxies", "everybody"}},
		"a name is no network":                {map[string]string{"HOMEROOM_TRUSTED_PROXIES": "proxy.example.org"}, []string{"--trusted-proxies", "not a network"}},
		"a session is not idle after seconds": {map[string]string{"HOMEROOM_SESSION_IDLE_TIMEOUT": "10s"}, []string{"--session-idle-timeout", "5m"}},
		"a mail server alone is not enough":   {map[string]string{"HOMEROOM_SMTP_URL": "smtp://u:hunter2@mail.example.org"}, []string{"--mail-from", "--public-url"}},
		"encryption of mails is a word":       {map[string]string{"HOMEROOM_SMTP_TLS": "never"}, []string{"--smtp-tls", "required or optional"}},
		"a web server is no mail server": {map[string]string{
			"HOMEROOM_SMTP_URL": "https://u:hunter2@mail.example.org", "HOMEROOM_MAIL_FROM": "a@example.org", "HOMEROOM_PUBLIC_URL": "https://h.example.org",
		}, []string{"--smtp-url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, nil, with(c.variables), everything...)
			for _, part := range c.want {
				if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%v; want %s in it", err, part)
				}
			}
		})
	}
}
