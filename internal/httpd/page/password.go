package page

import "net/http"

// PasswordPath is where SetPassword belongs.
const PasswordPath = "/account/set-password"

// SetPassword answers for PasswordPath and no other path: the page at which the link of an invitation or of a forgotten
// password is used. It is the same for everybody. The secret of the link stands behind the #, which the browser sends
// to
// nobody; the page's own script reads it, takes it out of the address, and sends it to endpoint with the new password.
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
