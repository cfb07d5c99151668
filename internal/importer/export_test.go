package importer

import "homeroom/ent/db/bulkjob"

// LargeImport is how many rows have the statistics refreshed.
const LargeImport = largeImport

// RefuseHeader is the code with which a header is refused as one of a kind.
func RefuseHeader(kind bulkjob.Kind, headers []string) string {
	if _, p := Files().readHeader(kind, headers); p != nil {
		return p.Code
	}
	return ""
}

// Claims are the claims of a check.
type Claims = claims

// First is first.
func (c *claims) First(kind, key string) int { return c.first(kind, key) }

// Claim is claim.
func (c *claims) Claim(kind, key string, row int) int { return c.claim(kind, key, row) }

// Bytes is how much memory the table takes.
func (c *claims) Bytes() (sum int) {
	for _, p := range c.parts {
		sum += 16 * len(p.places)
	}
	return sum
}
