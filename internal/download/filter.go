package download

import (
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/openhomeroom/homeroom/internal/fault"
)

// maxFilter is the longest filter in an address. Servers and proxies accept addresses of 8
// KiB.
const maxFilter = 4 << 10

// sealFilter puts the filter of a file into the query of its address. It is encrypted,
// because a search contains names, and addresses stay in the history of browsers and the
// logs of proxies.
func (s *Service) sealFilter(name string, q url.Values, filter any) error {
	text, err := json.Marshal(filter)
	if err != nil {
		return err
	}
	if len(text) > maxFilter {
		return fault.Invalidf("the filter is too long for an address; choose fewer values").
			WithCode("TOO_MANY").At("filter")
	}
	q.Set("filter", base64.RawURLEncoding.EncodeToString(s.filter.Seal(nil, nil, text, []byte(name))))
	return nil
}

// openFilter reads the filter of an address. It accepts only what this program has written
// for the same file. Without a filter in the address, filter stays as it is.
func (s *Service) openFilter(name string, q url.Values, filter any) error {
	text := q.Get("filter")
	if text == "" {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	opened, err := s.filter.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return err
	}
	return json.Unmarshal(opened, filter)
}
