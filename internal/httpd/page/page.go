// Package page has the few web pages of the server itself: the start page, the sign-in
// form, the pages for passwords and second factors, and GraphiQL.
//
// Everything they need is embedded. The content security policy of each page keeps the
// browser from contacting any other machine, and scripts run only with the nonce of the
// response that they came in.
package page

import (
	"bytes"
	"crypto/rand"
	"embed"
	"html/template"
	"net/http"
	"path"
	"strconv"
)

//go:embed web
var web embed.FS

// inlineStyle says which inline style sheets a browser may apply.
type inlineStyle int

const (
	// styleByNonce allows only the page's own style element.
	styleByNonce inlineStyle = iota
	// styleAnywhere is for GraphiQL, whose editor writes style attributes while it runs.
	styleAnywhere
)

// screen is one page: a template, the scripts that it runs, and what it may do.
type screen struct {
	template *template.Template
	status   int
	style    template.CSS
	script   template.JS
	inline   inlineStyle
}

// view is what a template sees. Content differs from page to page.
type view struct {
	Nonce    string
	Style    template.CSS
	Script   template.JS
	Endpoint string
	Content  any
}

// newScreen reads web/<name>.html with the shared parts, and joins the named scripts and
// style sheets of web/ in this order. It panics if an embedded file is missing or broken,
// because then the program was built wrong.
func newScreen(name string, status int, inline inlineStyle, files ...string) screen {
	style, script := mustRead(web, "web/page.css"), []byte{}
	for _, file := range files {
		if path.Ext(file) == ".css" {
			style = append(style, mustRead(web, "web/"+file)...)
		} else {
			script = append(script, mustRead(web, "web/"+file)...)
		}
	}
	return screen{
		template: template.Must(template.ParseFS(web, "web/"+name+".html", "web/shared.html", "web/second_step_part.html")).
			Lookup(name + ".html"),
		status: status,
		style:  template.CSS(style),
		script: template.JS(script),
		inline: inline,
	}
}

// show answers with the page. The answer is never cached, because it depends on the
// visitor and its nonce works once.
func (s screen) show(w http.ResponseWriter, endpoint string, content any) {
	nonce := rand.Text()
	var body bytes.Buffer
	err := s.template.Execute(&body, view{
		Nonce: nonce, Style: s.style, Script: s.script, Endpoint: endpoint, Content: content,
	})
	if err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	header.Set("Content-Security-Policy", s.policy(nonce))
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(s.status)
	// It does not matter if a browser goes away in the middle of its page.
	_, _ = w.Write(body.Bytes())
}

// policy is the content security policy of one response.
func (s screen) policy(nonce string) string {
	style := "style-src 'self' 'nonce-" + nonce + "'; "
	if s.inline == styleAnywhere {
		// A nonce here would disable 'unsafe-inline'.
		style = "style-src 'self' 'unsafe-inline'; "
	}
	return "default-src 'self'; " +
		"script-src 'nonce-" + nonce + "'; " +
		style +
		"img-src 'self' data:; " +
		"font-src 'self' data:; " +
		"connect-src 'self'; " +
		"object-src 'none'; " +
		"frame-ancestors 'none'; " +
		"base-uri 'none'; " +
		"form-action 'self'"
}

// onlyReading refuses every method except GET and HEAD, and reports whether the request
// may continue.
func onlyReading(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "this page accepts only GET and HEAD", http.StatusMethodNotAllowed)
	return false
}

// mustRead returns an embedded file that is known to exist.
func mustRead(files embed.FS, name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}
