package factor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrNoDomain says that the address of the server has no domain name. A passkey belongs to
// a domain, and an IP address is none.
var ErrNoDomain = errors.New("passkeys need a domain name")

// Site is the site that passkeys belong to.
type Site struct {
	// Domain is the name that passkeys are bound to, permanently.
	Domain string
	// Origin is the address at which browsers use them.
	Origin  string
	relying *webauthn.WebAuthn
}

// Owner is the owner of passkeys.
type Owner struct {
	Account     int
	Name, Title string
	Passkeys    []Passkey
}

// Passkey is what the server knows about a passkey.
type Passkey struct {
	ID, PublicKey            []byte
	AAGUID                   string
	Transports               []string
	BackupEligible, BackedUp bool
	SignCount                uint32
}

// Ceremony is a step that a browser completes: what the browser is asked, as JSON, and
// what the server must remember.
type Ceremony struct {
	Options string
	State   []byte
}

// NewSite returns the site for the address under which people reach the server. Origins
// are other pages that use the same passkeys; those that browsers would not allow are left
// out. It returns ErrNoDomain for an IP address.
func NewSite(title, address string, origins []string) (*Site, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address for passkeys: %w", err)
	}
	domain := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(domain); err == nil || domain == "" || u.Scheme != "https" && domain != "localhost" {
		return nil, ErrNoDomain
	}
	s := &Site{Domain: domain, Origin: u.Scheme + "://" + strings.ToLower(u.Host)}
	allowed := []string{s.Origin}
	for _, origin := range origins {
		o, err := url.Parse(origin)
		if err == nil && (o.Hostname() == domain || strings.HasSuffix(o.Hostname(), "."+domain)) &&
			!slices.Contains(allowed, origin) {
			allowed = append(allowed, origin)
		}
	}
	s.relying, err = webauthn.New(&webauthn.Config{
		RPID: domain, RPDisplayName: title, RPOrigins: allowed, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
	})
	return s, err
}

// Register asks for a new passkey.
func (s *Site) Register(owner Owner) (Ceremony, error) {
	var there []protocol.CredentialDescriptor
	for _, c := range person(owner).WebAuthnCredentials() {
		there = append(there, c.Descriptor())
	}
	options, state, err := s.relying.BeginRegistration(person(owner), webauthn.WithExclusions(there))
	return ceremony(options, state, err)
}

// Registered checks the answer of a browser to Register.
func (s *Site) Registered(owner Owner, state []byte, response string) (Passkey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(response))
	if err != nil {
		return Passkey{}, explained(err)
	}
	c, err := s.relying.CreateCredential(person(owner), session, parsed)
	if err != nil {
		return Passkey{}, explained(err)
	}
	p := Passkey{
		ID:             c.ID,
		PublicKey:      c.PublicKey,
		AAGUID:         hex.EncodeToString(c.Authenticator.AAGUID),
		SignCount:      c.Authenticator.SignCount,
		BackupEligible: c.Flags.BackupEligible,
		BackedUp:       c.Flags.BackupState,
	}
	for _, t := range c.Transport {
		p.Transports = append(p.Transports, string(t))
	}
	return p, nil
}

// Ask asks for a signature of one of the owner's passkeys, in addition to something else
// that the owner has shown.
func (s *Site) Ask(owner Owner) (Ceremony, error) {
	options, state, err := s.relying.BeginLogin(person(owner),
		webauthn.WithUserVerification(protocol.VerificationPreferred))
	return ceremony(options, state, err)
}

// AskAnybody asks for a signature of a passkey that identifies its owner. Nothing else is
// shown, so the device has to verify the user by a fingerprint or a PIN.
func (s *Site) AskAnybody() (Ceremony, error) {
	options, state, err := s.relying.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	return ceremony(options, state, err)
}

// Signed checks the answer of a browser to Ask, and returns the updated passkey. It
// refuses a passkey whose counter goes backwards: it seems to be on two devices.
func (s *Site) Signed(owner Owner, state []byte, response string) (Passkey, error) {
	return s.signed(owner, state, response, s.relying.ValidateLogin)
}

// SignedByAnybody is Signed for AskAnybody.
func (s *Site) SignedByAnybody(owner Owner, state []byte, response string) (Passkey, error) {
	return s.signed(owner, state, response,
		func(_ webauthn.User, session webauthn.SessionData,
			parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
			return s.relying.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
				if !slices.Equal(handle, person(owner).WebAuthnID()) {
					return nil, errors.New("the passkey is somebody else's")
				}
				return person(owner), nil
			}, session, parsed)
		})
}

func (s *Site) signed(owner Owner, state []byte, response string,
	validate func(webauthn.User, webauthn.SessionData, *protocol.ParsedCredentialAssertionData) (*webauthn.Credential,
		error)) (Passkey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(response))
	if err != nil {
		return Passkey{}, explained(err)
	}
	c, err := validate(person(owner), session, parsed)
	if err != nil {
		return Passkey{}, explained(err)
	}
	if c.Authenticator.CloneWarning {
		return Passkey{}, errors.New("the count of the passkey went backwards, as if it had been copied")
	}
	i := slices.IndexFunc(owner.Passkeys, func(p Passkey) bool { return slices.Equal(p.ID, c.ID) })
	if i < 0 {
		return Passkey{}, errors.New("the passkey is not one of the account")
	}
	p := owner.Passkeys[i]
	p.SignCount, p.BackedUp = c.Authenticator.SignCount, c.Flags.BackupState
	return p, nil
}

// CredentialID returns the passkey that a response claims to come from.
func CredentialID(response string) ([]byte, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(response))
	if err != nil {
		return nil, explained(err)
	}
	return parsed.RawID, nil
}

func ceremony(options any, state *webauthn.SessionData, err error) (Ceremony, error) {
	if err != nil {
		return Ceremony{}, err
	}
	// Browsers parse the content of publicKey.
	var asked any
	switch o := options.(type) {
	case *protocol.CredentialCreation:
		asked = o.Response
	case *protocol.CredentialAssertion:
		asked = o.Response
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return Ceremony{}, err
	}
	kept, err := json.Marshal(state)
	return Ceremony{Options: string(text), State: kept}, err
}

// explained adds the details that the library gives to developers.
func explained(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s: %s", e.Details, e.DevInfo)
	}
	return err
}

// person is an owner in the form that the library needs.
type person Owner

// WebAuthnID names the account to authenticators, which store it; it reveals nothing.
func (p person) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("homeroom passkeys of account " + strconv.Itoa(p.Account)))
	return sum[:]
}

func (p person) WebAuthnName() string { return p.Name }

func (p person) WebAuthnDisplayName() string { return p.Title }

func (p person) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, len(p.Passkeys))
	for i, k := range p.Passkeys {
		list[i] = webauthn.Credential{
			ID: k.ID, PublicKey: k.PublicKey, Authenticator: webauthn.Authenticator{SignCount: k.SignCount},
			Flags: webauthn.CredentialFlags{UserPresent: true, BackupEligible: k.BackupEligible, BackupState: k.BackedUp},
		}
		for _, t := range k.Transports {
			list[i].Transport = append(list[i].Transport, protocol.AuthenticatorTransport(t))
		}
	}
	return list
}
