// Command dex runs a Dex server on this machine, as the OpenID provider of the tests. It
// is a module of its own, because Dex has many dependencies that Homeroom does not need.
//
// A JSON file lists the people who can sign in. It is read at every sign-in, so a test can
// change an address while the provider runs. Everything else is Dex's own: its pages,
// codes, tokens and keys.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/dexidp/dex/connector"
	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/dexidp/dex/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "the address to listen on")
	people := flag.String("people", "people.json", "the file of those who can sign in")
	client := flag.String("client", "homeroom", "the id of the client")
	secret := flag.String("secret", "", "the secret of the client")
	redirects := flag.String("redirects", "", "where the client may be called back, with commas between them")
	flag.Parse()
	if err := run(*addr, *people,
		storage.Client{
			ID:           *client,
			Secret:       *secret,
			Name:         "Homeroom",
			RedirectURIs: strings.Split(*redirects, ","),
		}); err != nil {
		log.Fatal(err)
	}
}

func run(addr, people string, client storage.Client) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	store := storage.WithStaticClients(memory.New(logger), []storage.Client{client})
	store = storage.WithStaticConnectors(store, []storage.Connector{{ID: "roll", Type: "roll", Name: "Roll"}})
	server.ConnectorsConfig["roll"] = func() server.ConnectorConfig { return roll(people) }
	issuer := "http://" + listener.Addr().String() + "/dex"
	dex, err := server.NewServer(context.Background(), server.Config{
		Issuer: issuer, Storage: store, SkipApprovalScreen: true, Logger: logger, Web: server.WebConfig{WebFS: web.FS()},
	})
	if err != nil {
		return err
	}
	fmt.Println(issuer)
	return http.Serve(listener, dex)
}

// roll is a connector that admits the people in a file.
type roll string

type person struct {
	ID       string `json:"id"`
	Login    string `json:"login"`
	Password string `json:"password"`
	Email    string `json:"email"`
	Verified bool   `json:"verified"`
}

// Open implements server.ConnectorConfig.
func (r roll) Open(string, *slog.Logger) (connector.Connector, error) { return r, nil }

// Prompt implements connector.PasswordConnector.
func (roll) Prompt() string { return "Login" }

// Login implements connector.PasswordConnector.
func (r roll) Login(_ context.Context, _ connector.Scopes, login, password string) (connector.Identity, bool, error) {
	text, err := os.ReadFile(string(r))
	if err != nil {
		return connector.Identity{}, false, err
	}
	var people []person
	if err := json.Unmarshal(text, &people); err != nil {
		return connector.Identity{}, false, err
	}
	for _, p := range people {
		if p.Login == login && p.Password == password {
			return connector.Identity{UserID: p.ID, Username: p.Login, Email: p.Email, EmailVerified: p.Verified}, true, nil
		}
	}
	return connector.Identity{}, false, nil
}
