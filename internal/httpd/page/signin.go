package page

import "net/http"

// Provider is a way to sign in besides the password: a button on the form.
type Provider struct {
	// Label is the name for people, and Address the path that leads there.
	Label, Address string
}

// Refusal says why somebody who came back from a provider is not signed in.
type Refusal struct {
	// Message says what is wrong and what to do.
	Message string
	// Back is the page to start again from.
	Back string
}

// SignInRefused returns a handler for a page that shows a refusal.
func SignInRefused() func(w http.ResponseWriter, status int, refusal Refusal) {
	refused := newScreen("signin_refused", http.StatusForbidden, styleByNonce, "card.css")
	return func(w http.ResponseWriter, status int, refusal Refusal) {
		shown := refused
		shown.status = status
		shown.show(w, "", refusal)
	}
}
