package page

import "net/http"

// PasswordPath is where SetPassword belongs.
const PasswordPath = "/account/set-password"

// SetPassword answers for PasswordPath only: the page where the link of an invitation or a
// password reset is used. It is the same for everybody. The secret of the link comes after
// the #, which browsers do not send; the script of the page reads it, removes it from the
// address, and sends it to endpoint together with the new password.
func SetPassword(endpoint string) http.Handler {
	password := newScreen("password", http.StatusOK, styleByNonce, "card.css", "api.js", "password.js")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != PasswordPath {
			http.NotFound(w, r)
			return
		}
		if onlyReading(w, r) {
			password.show(w, endpoint, nil)
		}
	})
}
