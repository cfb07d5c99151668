package page

import "net/http"

// SecurityPath is where Security belongs.
const SecurityPath = "/account/security"

// signInContent is what the sign-in form shows besides the view.
type signInContent struct {
	// Lead says what the form is for, and Path is the page that it is on.
	Lead, Path string
	Providers  []Provider
}

func newSignIn() screen {
	return newScreen("signin", http.StatusOK, styleByNonce, "card.css", "api.js", "passkey.js",
		"second-step.js", "signin.js")
}

// Security answers for SecurityPath only: the page where people set up their second
// factors, or the sign-in form for those who are not signed in. Everything on it goes
// through endpoint, which decides who may do it.
func Security(endpoint string, signedIn func(*http.Request) bool, providers ...Provider) http.Handler {
	factors := newScreen("security", http.StatusOK, styleByNonce, "card.css", "api.js", "passkey.js", "security.js")
	form := newSignIn()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != SecurityPath:
			http.NotFound(w, r)
		case !onlyReading(w, r):
		case signedIn(r):
			factors.show(w, endpoint, nil)
		default:
			form.show(w, endpoint, signInContent{"Sign in to see and change your second factors.", SecurityPath, providers})
		}
	})
}
