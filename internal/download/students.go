package download

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"reflect"

	"homeroom/internal/fault"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

const studentsFile = "students.csv"

// maxFilter is the length of a filter in an address. Servers and proxies take
// addresses of 8 KiB.
const maxFilter = 4 << 10

// StudentsURL returns the address of the CSV of the students of an organization
// whom a filter keeps, for the viewer. It refuses what the export would refuse.
func (s *Service) StudentsURL(ctx context.Context, organizationID int, f roster.StudentFilter) (string, error) {
	if err := s.export.CheckStudents(ctx, organizationID, f); err != nil {
		return "", err
	}
	q := url.Values{}
	educator := viewer.FromContext(ctx).EducatorID
	if reflect.ValueOf(f).IsZero() {
		return s.address(ctx, studentsFile, organizationID, educator, q), nil
	}
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	if len(text) > maxFilter {
		return "", fault.Invalidf("the filter is too long for an address; name fewer classes or groups").WithCode("TOO_MANY").At("filter")
	}
	q.Set("filter", base64.RawURLEncoding.EncodeToString(s.filter.Seal(nil, nil, text, []byte(studentsFile))))
	return s.address(ctx, studentsFile, organizationID, educator, q), nil
}

func (s *Service) writeStudents(ctx context.Context, w io.Writer, organizationID int, q url.Values) error {
	f, err := s.openFilter(q.Get("filter"))
	if err != nil {
		return err
	}
	_, err = s.export.Students(ctx, w, organizationID, f)
	return err
}

// openFilter reads the filter of an address that is signed, so that it can only
// be one that this program has written.
func (s *Service) openFilter(text string) (f roster.StudentFilter, err error) {
	if text == "" {
		return f, nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return f, err
	}
	clear, err := s.filter.Open(nil, nil, sealed, []byte(studentsFile))
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(clear, &f)
}

// sealOfFilters encrypts filters: a search holds names, and addresses stay in the
// history of browsers and the logs of proxies.
func sealOfFilters(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "homeroom download filter", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
