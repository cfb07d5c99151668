package setting

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db/organization"
)

// SecondFactor says who needs a second factor to sign in.
type SecondFactor = organization.SecondFactorRequired

// Who needs one; the later are the stricter ones.
const (
	NoSecondFactor          = organization.SecondFactorRequiredNONE
	AdministratorsHaveOne   = organization.SecondFactorRequiredADMINISTRATORS
	EverybodyHasOne         = organization.SecondFactorRequiredALL
	DefaultSecondFactorNeed = NoSecondFactor
)

// secondFactors are all of them, the stricter ones later.
var secondFactors = []SecondFactor{NoSecondFactor, AdministratorsHaveOne, EverybodyHasOne}

// laxer reports whether a asks fewer people for a second factor than b.
func laxer(a, b SecondFactor) bool {
	return slices.Index(secondFactors, a) < slices.Index(secondFactors, b)
}
