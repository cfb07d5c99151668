package page

import (
	"net/http"
	"strings"
)

// Path is where the handler of GraphiQL belongs: this path and everything below it.
const Path = "/graphiql"

// Access says what kind of visitor somebody is, as far as this package needs to know.
type Access int

const (
	// SignedOut visitors get the sign-in form. It is the zero value, so that a mistake
	// shows too little rather than too much.
	SignedOut Access = iota
	// SignedIn visitors have a session but administer nothing. GraphiQL is refused to them.
	SignedIn
	// Administrator visitors get GraphiQL.
	Administrator
	// BeforeSecondFactor visitors must set up a second factor first.
	BeforeSecondFactor
)

// GraphiQL answers under Path. The page depends on what access says about the request. The
// browser then sends operations to endpoint, a path of this server, where they are checked
// again like any client's. The files below Path + "/assets/" are the same for everybody
// and contain nothing about the server. The providers are further ways to sign in.
func GraphiQL(endpoint string, access func(*http.Request) Access, providers ...Provider) http.Handler {
	return &graphiql{
		endpoint:  endpoint,
		providers: providers,
		access:    access,
		assets:    newAssets(Path + "/assets/"),
		examples:  Examples(),
		signIn:    newSignIn(),
		refused:   newScreen("refused", http.StatusForbidden, styleByNonce, "card.css", "api.js", "refused.js"),
		editor: newScreen("graphiql", http.StatusOK, styleAnywhere, "workbench.css", "api.js",
			"subscription.js", "graphiql.js"),
	}
}

type graphiql struct {
	endpoint  string
	providers []Provider
	access    func(*http.Request) Access
	assets    *assets
	examples  []Example
	signIn    screen
	refused   screen
	editor    screen
}

// editorContent is what the template of GraphiQL needs besides the view.
type editorContent struct {
	Styles, Scripts []string
	Licenses        string
	Examples        []Example
}

func (g *graphiql) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !onlyReading(w, r) {
		return
	}
	if strings.HasPrefix(r.URL.Path, g.assets.prefix) {
		g.assets.ServeHTTP(w, r)
		return
	}
	if strings.TrimSuffix(r.URL.Path, "/") != Path {
		http.NotFound(w, r)
		return
	}
	switch g.access(r) {
	case Administrator:
		g.editor.show(w, g.endpoint, editorContent{
			Styles: []string{g.assets.address("graphiql.min.css")},
			// The order matters: each looks for the one before it when it starts.
			Scripts: []string{
				g.assets.address("react.production.min.js"),
				g.assets.address("react-dom.production.min.js"),
				g.assets.address("graphiql.min.js"),
			},
			Licenses: g.assets.address("LICENSES"),
			Examples: g.examples,
		})
	case BeforeSecondFactor:
		http.Redirect(w, r, SecurityPath+"?return="+Path, http.StatusSeeOther)
	case SignedIn:
		g.refused.show(w, g.endpoint, nil)
	default:
		g.signIn.show(w, g.endpoint,
			signInContent{"Only administrators can open GraphiQL, the workbench for this server's API.", Path, g.providers})
	}
}
