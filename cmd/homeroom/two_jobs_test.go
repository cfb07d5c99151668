package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// sight is a job as somebody sees it who waits for it.
type sight struct {
	Status     string
	Waiting    bool
	WaitingFor *struct{ ID string }
	Progress   struct {
		Percent                         float64
		Phase                           string
		HashedPasswords, TotalPasswords int
	}
}

const sightFields = `{ status waiting waitingFor { id } progress { percent phase hashedPasswords totalPasswords } }`

// TestTwoJobsOfADistrict has two uploads of one district after each other, the first
// all or nothing, and watches both in the three ways that clients have.
func TestTwoJobsOfADistrict(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "100")
		s := in.start("serve", "--log-level", "warn")
		admin := signIn(t, s.address, "district@example.com", "homeroom")
		school := ""
		for school = range admin.usableGroups() {
			break
		}
		// Passwords take their time, and so the second one has to wait.
		file := func(prefix string, rows, passwords int) []byte {
			list := [][]string{{"Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School"}}
			for i := range rows {
				password := ""
				if i < passwords {
					password = "long enough"
				}
				list = append(list,
					[]string{fmt.Sprintf("%s%d", prefix, i), "New", "Student", fmt.Sprintf("%s.user%d", prefix, i),
						password, "5", school})
			}
			return csvOf(list)
		}
		first := admin.wait(
			admin.submitFile("first.csv", file("first", 3000, 150), variables{"commitMode": "ALL_OR_NOTHING"}), "READY").ID
		watched := map[string]*sights{}
		watch := func(name, id string) {
			watched[name+", polled"] = &sights{}
			watched[name+", by server-sent events"] = admin.watchEvents(id)
			watched[name+", by WebSocket"] = admin.watchSocket(id)
		}
		watch("first", first)
		admin.begin(first)
		second := admin.submitFile("second.csv", file("second", 1500, 30)).Job.ID
		if got := admin.look(second); got.Status != "VERIFYING" || !got.Waiting || got.WaitingFor == nil ||
			got.WaitingFor.ID != first {
			t.Errorf("the second job does not say that it waits: %+v", got)
		}
		watch("second", second)
		started := false
		for deadline := time.Now().Add(4 * patience); ; time.Sleep(10 * time.Millisecond) {
			one, two := admin.look(first), admin.look(second)
			watched["first, polled"].add(one)
			watched["second, polled"].add(two)
			if two.Status == "READY" && !started {
				started = true
				admin.begin(second)
			}
			if one.ended() && two.ended() {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the jobs have come to %+v and %+v", one, two)
			}
		}
		for name, w := range watched {
			w.check(t, name, strings.HasPrefix(name, "second"))
		}
		if got := admin.students(); got != 100+4500 {
			t.Errorf("%d students", got)
		}
		s.stop()
		in.run("doctor")
	})
}

func (s sight) ended() bool {
	return !slices.Contains([]string{"VERIFYING", "READY", "PROCESSING"}, s.Status)
}

// sights are what a way of watching has shown, until it is done.
type sights struct {
	done sync.WaitGroup
	list []sight
	err  error
}

func (w *sights) add(s sight) { w.list = append(w.list, s) }

// phases are what a job does in a status.
var phases = map[string][]string{
	"VERIFYING": {"VERIFYING"}, "READY": {""}, "PROCESSING": {"HASHING_PASSWORDS", "WRITING"}, "COMPLETED": {""},
}

// check goes through everything that was shown of a job, from its first moment or from
// when it was READY, to its end.
func (w *sights) check(t *testing.T, name string, waited bool) {
	t.Helper()
	w.done.Wait()
	if w.err != nil || len(w.list) == 0 || !w.list[len(w.list)-1].ended() {
		t.Errorf("%s: %d sights, %v", name, len(w.list), w.err)
		return
	}
	order := []string{"VERIFYING", "READY", "PROCESSING", "COMPLETED"}
	was, hashing := sight{Status: "VERIFYING"}, false
	for i, now := range w.list {
		p := now.Progress
		switch {
		case !slices.Contains(phases[now.Status], p.Phase):
			t.Errorf("%s, sight %d: %s does %q", name, i, now.Status, p.Phase)
		case slices.Index(order, now.Status) < slices.Index(order, was.Status):
			t.Errorf("%s, sight %d: from %s to %s", name, i, was.Status, now.Status)
		case p.Percent < was.Progress.Percent:
			t.Errorf("%s, sight %d: from %v to %v", name, i, was.Progress.Percent, p.Percent)
		case (p.Percent == 100) != (now.Status == "COMPLETED"):
			t.Errorf("%s, sight %d: %v when it is %s", name, i, p.Percent, now.Status)
		case now.Status == "READY" && p.Percent != 50, now.Status == "VERIFYING" && p.Percent >= 50:
			t.Errorf("%s, sight %d: %v when it is %s", name, i, p.Percent, now.Status)
		case p.HashedPasswords > p.TotalPasswords,
			now.Waiting && !slices.Contains([]string{"VERIFYING", "PROCESSING"}, now.Status),
			now.Waiting != (now.WaitingFor != nil):
			t.Errorf("%s, sight %d: %+v", name, i, now)
		}
		hashing = hashing || p.Phase == "HASHING_PASSWORDS" && p.HashedPasswords < p.TotalPasswords
		was = now
	}
	if waited && !w.list[0].Waiting {
		t.Errorf("%s: it does not wait at first: %+v", name, w.list[0])
	}
	// A subscription looks four times a second, and a machine may be faster.
	if !hashing && name == "first, polled" {
		t.Errorf("%s: it has hashed no password", name)
	}
	if last := was.Progress; last.HashedPasswords != last.TotalPasswords || last.TotalPasswords == 0 || was.Waiting {
		t.Errorf("%s: it ends as %+v", name, was)
	}
}

// look asks for a job.
func (c *client) look(id string) sight {
	c.t.Helper()
	var data struct{ BulkJob sight }
	c.ask(`query ($id: ID!) { bulkJob(id: $id) `+sightFields+` }`, variables{"id": id}, &data)
	return data.BulkJob
}

func subscription(id string) map[string]any {
	return map[string]any{
		"query":     `subscription ($id: ID!) { bulkJob(id: $id) ` + sightFields + ` }`,
		"variables": variables{"id": id},
	}
}

// read takes the answer to an event in.
func (w *sights) read(text []byte) error {
	var got struct {
		Data   struct{ BulkJob *sight }
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return err
	}
	if got.Data.BulkJob == nil || len(got.Errors) > 0 {
		return fmt.Errorf("an event says %s", text)
	}
	w.add(*got.Data.BulkJob)
	return nil
}

// watchEvents watches a job by server-sent events until the stream is complete.
func (c *client) watchEvents(id string) *sights {
	c.t.Helper()
	body, _ := json.Marshal(subscription(id))
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	c.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	w := &sights{}
	w.done.Go(func() {
		defer answer.Body.Close()
		name := ""
		for lines := bufio.NewScanner(answer.Body); lines.Scan() && w.err == nil; {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimSpace(value)
			switch {
			case field == "event" && value == "complete":
				return
			case field == "event":
				name = value
			case field == "data" && name == "next":
				w.err = w.read([]byte(value))
			}
		}
		if w.err == nil {
			w.err = fmt.Errorf("the stream with status %d was cut off", answer.StatusCode)
		}
	})
	return w
}

// watchSocket watches a job over a WebSocket until the subscription is complete.
func (c *client) watchSocket(id string) *sights {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	c.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, c.address+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"Authorization": {"Bearer " + c.token}}})
	if err != nil {
		c.t.Fatal(err)
	}
	send := func(message map[string]any) {
		text, _ := json.Marshal(message)
		if err := conn.Write(ctx, websocket.MessageText, text); err != nil {
			c.t.Fatal(err)
		}
	}
	send(map[string]any{"type": "connection_init"})
	send(map[string]any{"type": "subscribe", "id": "1", "payload": subscription(id)})
	w := &sights{}
	w.done.Go(func() {
		defer func() { _ = conn.CloseNow() }()
		for w.err == nil {
			var message struct {
				Type    string
				Payload json.RawMessage
			}
			_, text, err := conn.Read(ctx)
			if err == nil {
				err = json.Unmarshal(text, &message)
			}
			switch {
			case err != nil:
				w.err = err
			case message.Type == "next":
				w.err = w.read(message.Payload)
			case message.Type == "complete":
				return
			case message.Type == "ping":
				w.err = conn.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`))
			case message.Type != "connection_ack":
				w.err = fmt.Errorf("the server says %s", text)
			}
		}
	})
	return w
}
