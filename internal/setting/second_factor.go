package setting

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db/organization"
)

// SecondFactor says who needs a second factor to sign in.
type SecondFactor = organization.SecondFactorRequired

// Who needs one, from the least to the most strict.
const (
	NoSecondFactor          = organization.SecondFactorRequiredNONE
	AdministratorsHaveOne   = organization.SecondFactorRequiredADMINISTRATORS
	EverybodyHasOne         = organization.SecondFactorRequiredALL
	DefaultSecondFactorNeed = NoSecondFactor
)

// secondFactors lists all of them, in the same order.
var secondFactors = []SecondFactor{NoSecondFactor, AdministratorsHaveOne, EverybodyHasOne}

// laxer reports whether a requires a second factor of fewer people than b.
func laxer(a, b SecondFactor) bool {
	return slices.Index(secondFactors, a) < slices.Index(secondFactors, b)
}
