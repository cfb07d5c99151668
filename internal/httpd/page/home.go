package page

import "net/http"

// Info is what the start page says about the running server. None of it is secret:
// everybody can read the page.
type Info struct {
	// Version is the version of the program, such as "1.4.0".
	Version string
	// Database is the kind of database, such as "SQLite" or "MySQL", never its address.
	Database string
	// Endpoint is the address of the API: a path or, if the public address is known, a full
	// address.
	Endpoint string
	// GraphiQL is true if the server has it.
	GraphiQL bool
}

// Home answers for "/" only: a page that says what runs here and where to go next.
func Home(info Info) http.Handler {
	home := newScreen("home", http.StatusOK, styleByNonce, "card.css")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if onlyReading(w, r) {
			home.show(w, info.Endpoint, info)
		}
	})
}
