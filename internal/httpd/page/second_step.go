package page

import (
	"encoding/json"
	"net/http"
)

// Step is the second step of a sign-in that was started at a provider.
type Step struct {
	// Challenge, Methods and PasskeyOptions are those of the API.
	Challenge      string   `json:"challenge"`
	Methods        []string `json:"methods"`
	PasskeyOptions string   `json:"passkeyOptions"`
}

// SecondStep returns a handler for a page that asks for a second factor. When there is a
// session, the page goes to an address of this server, or to one that has been checked.
func SecondStep(endpoint string) func(w http.ResponseWriter, step Step, to string) {
	second := newScreen("second_step", http.StatusOK, styleByNonce, "card.css", "api.js", "passkey.js", "second-step.js",
		"second_step_page.js")
	return func(w http.ResponseWriter, step Step, to string) {
		text, err := json.Marshal(step)
		if err != nil {
			http.Error(w, "the page could not be written", http.StatusInternalServerError)
			return
		}
		second.show(w, endpoint, struct{ Step, Return string }{string(text), to})
	}
}
