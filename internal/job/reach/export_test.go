package reach

// Claims are the claims of a check.
type Claims = claims

// Bytes is how much memory the table takes.
func (c *claims) Bytes() (sum int) {
	for _, p := range c.parts {
		sum += 16 * len(p.places)
	}
	return sum
}
