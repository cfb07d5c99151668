package reach

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// claims remembers which row of the file was the first to mention something. It holds
// hashes of 96 bits, so that two are never equal by chance, in a table of 16 bytes a
// place: a file may have a million rows, with two or three claims each.
type claims struct {
	// Parts grow one by one, so that the table is never there twice.
	parts [64]claimPart
	text  []byte
}

type claimPart struct {
	places []claim
	taken  int
}

// claim is a hash and the row that was first; row 0 is an empty place.
type claim struct {
	high uint64
	low  uint32
	row  int32
}

// First returns the first row that claimed a key, or 0.
func (c *claims) First(kind, key string) int {
	want := c.hash(kind, key)
	p := &c.parts[want.high>>58]
	if p.taken == 0 {
		return 0
	}
	return int(p.find(want).row)
}

// Claim gives the key to a row, unless an earlier row has it, and returns the row that has
// it.
func (c *claims) Claim(kind, key string, row int) int {
	want := c.hash(kind, key)
	p := &c.parts[want.high>>58]
	if p.taken*5 >= len(p.places)*4 {
		p.grow()
	}
	at := p.find(want)
	if at.row == 0 {
		want.row = int32(row)
		*at = want
		p.taken++
	}
	return int(at.row)
}

func (c *claims) hash(kind, key string) claim {
	c.text = append(append(append(c.text[:0], kind...), 0), key...)
	sum := sha256.Sum256(c.text)
	return claim{high: binary.BigEndian.Uint64(sum[:]), low: binary.BigEndian.Uint32(sum[8:])}
}

// find returns the place of a hash, or the empty place for it. A part always has empty
// places.
func (p *claimPart) find(want claim) *claim {
	// The highest bits chose the part; those below them choose the place.
	at, _ := bits.Mul64(want.high<<6, uint64(len(p.places)))
	for {
		place := &p.places[at]
		if place.row == 0 || place.high == want.high && place.low == want.low {
			return place
		}
		if at++; at == uint64(len(p.places)) {
			at = 0
		}
	}
}

func (p *claimPart) grow() {
	old := p.places
	p.places = make([]claim, len(old)+len(old)/4+16)
	for _, c := range old {
		if c.row != 0 {
			*p.find(c) = c
		}
	}
}
