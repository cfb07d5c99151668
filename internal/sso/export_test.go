package sso

// Verified says whether an address counts as verified, by two claims of an issuer.
func Verified(issuer string, verified, owner any) bool {
	return claims{Verified: verified, OwnerVerified: owner}.verified(issuer)
}
