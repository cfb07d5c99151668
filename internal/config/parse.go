package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/quote"
)

var units = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1},
}

// parseSize reads a number of bytes, such as 1048576, 64MiB or 1GiB. Only whole numbers
// are allowed. Case, and a space before the unit, do not matter.
func parseSize(s string) (int64, error) {
	digits, factor := strings.TrimSpace(s), int64(1)
	for _, u := range units {
		if n := len(digits) - len(u.name); n > 0 && strings.EqualFold(digits[n:], u.name) {
			digits, factor = strings.TrimSpace(digits[:n]), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("%s is not a size; write a whole number of bytes, or one with a unit, such as 64MiB or 1GiB",
			quote.Text(s))
	}
	return n * factor, nil
}

// formatSize writes a size in the largest unit that needs no fraction.
func formatSize(n int64) string {
	for _, u := range []int{2, 1, 0} {
		if n > 0 && n%units[u].bytes == 0 {
			return strconv.FormatInt(n/units[u].bytes, 10) + units[u].name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("%s is not a duration; write a number with its unit, such as 30s, 15m or 12h", quote.Text(s))
	}
	return d, nil
}

// formatDuration writes 12h where Duration.String writes 12h0m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// ParseOrigins reads origins, such as https://dashboard.example.org, separated by commas.
// It drops empty entries and repetitions.
func ParseOrigins(s string) ([]string, error) {
	var origins []string
	var problems []error
	for entry := range strings.SplitSeq(s, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		origin, err := parseOrigin(entry)
		switch {
		case err != nil:
			problems = append(problems, err)
		case !slices.Contains(origins, origin):
			origins = append(origins, origin)
		}
	}
	return origins, errors.Join(problems...)
}

// parseOrigin reads scheme://host[:port] and returns it as browsers write it: in lower
// case, without the default port of the scheme.
func parseOrigin(s string) (string, error) {
	if strings.Contains(s, "*") {
		return "", errors.New(
			"a wildcard would let every web page act with the rights of the person who opens it; list each origin, " +
				"such as https://dashboard.example.org")
	}
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("%s is not scheme://host[:port] with http or https", quote.Text(redact(s)))
	}
	origin := u.Scheme + "://" + u.Host
	if port := u.Port(); port == "" || u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		origin = u.Scheme + "://" + strings.TrimSuffix(strings.TrimSuffix(u.Host, port), ":")
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' }) {
		return "", fmt.Errorf("%s has letters that browsers send as punycode; write the host as xn--…", quote.Text(redact(s)))
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#") {
		return "", fmt.Errorf("only scheme, host and port are allowed; write %s", origin)
	}
	return origin, nil
}

// parseNetworks reads a comma-separated list of networks or addresses.
func parseNetworks(s string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var problems []error
	for entry := range strings.SplitSeq(s, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		network, err := netip.ParsePrefix(entry)
		if err != nil {
			address, errAddress := netip.ParseAddr(entry)
			network, err = netip.PrefixFrom(address, address.BitLen()), errAddress
		}
		switch {
		case err != nil:
			problems = append(problems,
				fmt.Errorf("%s is not a network; write 10.0.0.0/8, or a single address", quote.Text(entry)))
		case network.Bits() == 0:
			problems = append(problems,
				fmt.Errorf("%s trusts everybody, so that anyone could claim any address; name only the networks of the proxies",
					quote.Text(entry)))
		default:
			networks = append(networks, network.Masked())
		}
	}
	return networks, errors.Join(problems...)
}

// redact removes everything before an @, which may be a password.
func redact(s string) string {
	if at := strings.LastIndex(s, "@"); at >= 0 {
		return "…" + s[at:]
	}
	return s
}
