package main_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/testlog"
)

// exported are the columns of every file that Homeroom gives out.
var exported = []string{
	"Database ID", "Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School",
	"Classes/Groups", "Minutes", "Last Active",
}

// client is a person with a session, who knows the server by its API alone.
type client struct {
	t              testing.TB
	address, token string
	// organization is the id of the organization where the person has a role.
	organization string
}

// samplePassword is that of everybody in the sample. It is also the name of the
// program, and no secret.
const samplePassword = "homeroom"

type variables map[string]any

// signIn starts a session.
func signIn(t testing.TB, address, email, password string) *client {
	t.Helper()
	c := &client{t: t, address: address}
	var data struct {
		SignIn struct {
			Token  string
			Viewer struct {
				Roles []struct{ Organization struct{ ID string } }
			}
			UserErrors []refusal
		}
	}
	c.ask(`mutation ($input: SignInInput!) { signIn(input: $input) {
		token viewer { roles { organization { id } } } userErrors { code message } } }`,
		variables{"input": variables{"email": email, "password": password}}, &data)
	if len(data.SignIn.UserErrors) > 0 || data.SignIn.Token == "" {
		t.Fatalf("%s cannot sign in: %v", email, data.SignIn.UserErrors)
	}
	testlog.Secret(data.SignIn.Token)
	if password != samplePassword {
		testlog.Secret(password)
	}
	c.token, c.organization = data.SignIn.Token, data.SignIn.Viewer.Roles[0].Organization.ID
	return c
}

// refusal is a UserError.
type refusal struct{ Code, Message string }

// ask sends an operation and reads the data of the answer.
func (c *client) ask(query string, v variables, data any) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": v})
	if err != nil {
		c.t.Fatal(err)
	}
	c.send("application/json", bytes.NewReader(body), data)
}

func (c *client) send(contentType string, body io.Reader, data any) {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.address+"/graphql", body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		c.t.Fatalf("status %d: %v", answer.StatusCode, err)
	}
	if answer.StatusCode != http.StatusOK || len(got.Errors) > 0 {
		c.t.Fatalf("status %d: %v", answer.StatusCode, got.Errors)
	}
	if err := json.Unmarshal(got.Data, data); err != nil {
		c.t.Fatal(err)
	}
}

// notice is what the dashboard shows about unassigned active students.
type notice struct {
	Count  int
	CSVURL *string
}

func (c *client) notice() notice {
	c.t.Helper()
	var data struct{ DashboardNotifications []notice }
	c.ask(`query ($id: ID!) { dashboardNotifications(organizationId: $id) { count csvUrl } }`,
		variables{"id": c.organization}, &data)
	if len(data.DashboardNotifications) != 1 {
		c.t.Fatalf("there are %d notices, want 1", len(data.DashboardNotifications))
	}
	n := data.DashboardNotifications[0]
	if n.CSVURL != nil {
		*n.CSVURL = c.resolve(*n.CSVURL)
	}
	return n
}

// resolve makes the address of a download absolute, as a page of the server does.
func (c *client) resolve(address string) string {
	if strings.HasPrefix(address, "/") {
		return c.address + address
	}
	return address
}

// download reads the file of a notice, and returns its rows without the header.
func download(t *testing.T, url string) [][]string {
	t.Helper()
	rows := downloadFile(t, url)
	if !slices.Equal(rows[0], exported) {
		t.Fatalf("the header is %q, want %q", rows[0], exported)
	}
	return rows[1:]
}

// downloadFile reads a CSV file like a browser that follows the link, without a
// header of the API.
func downloadFile(t *testing.T, url string) [][]string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") ||
		!strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment;") {
		t.Fatalf("the download answers %s with %v", answer.Status, answer.Header)
	}
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("the download is no CSV file: %v", err)
	}
	return rows
}

// job is a BulkJob.
type job struct {
	ID, Status string
	Progress   struct {
		ProcessedRows, TotalRows int
		Percent                  float64
	}
	Counts  counts
	Changes struct {
		TotalCount int
		Nodes      []change
	}
	Problems struct {
		TotalCount int
		Nodes      []struct{ Code, Message string }
	}
}

type counts struct {
	Created, Updated, Unchanged, Deleted, EnrollmentsAdded, EnrollmentsRemoved, Warnings, Errors int
}

type change struct {
	Row           int
	Field         string
	Before, After *string
}

const jobFields = `{ id status progress { processedRows totalRows percent }
	counts { created updated unchanged deleted enrollmentsAdded enrollmentsRemoved warnings errors }
	changes(first: 500) { totalCount nodes { row field before after } }
	problems(first: 20) { totalCount nodes { code message } } }`

// upload submits a file of students and waits until it has been verified.
func (c *client) upload(rows [][]string) job {
	c.t.Helper()
	return c.wait(c.submit(rows), "READY")
}

// submit submits a file of students.
func (c *client) submit(rows [][]string) jobPayload {
	c.t.Helper()
	return c.submitFile("unassigned-active-students.csv", csvOf(append([][]string{exported}, rows...)))
}

func csvOf(rows [][]string) []byte {
	var out bytes.Buffer
	_ = csv.NewWriter(&out).WriteAll(rows)
	return out.Bytes()
}

// submitFile submits a file of students unchanged, with additional input if any is given.
func (c *client) submitFile(name string, content []byte, more ...variables) jobPayload {
	c.t.Helper()
	input := variables{"organizationId": c.organization, "kind": "IMPORT_STUDENTS", "file": nil}
	for _, m := range more {
		maps.Copy(input, m)
	}
	operations, err := json.Marshal(map[string]any{
		"query":     `mutation ($input: SubmitBulkImportInput!) { submitBulkImport(input: $input) { job ` + jobFields + ` userErrors { code message } } }`,
		"variables": variables{"input": input},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("operations", string(operations))
	_ = form.WriteField("map", `{"file": ["variables.input.file"]}`)
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = file.Write(content)
	form.Close()
	var data struct{ SubmitBulkImport jobPayload }
	c.send(form.FormDataContentType(), &body, &data)
	return data.SubmitBulkImport
}

// process starts a job and waits until it is done.
func (c *client) process(id string) job {
	c.t.Helper()
	return c.wait(c.begin(id), "COMPLETED")
}

// begin starts a job.
func (c *client) begin(id string) jobPayload {
	c.t.Helper()
	var data struct{ StartBulkJob jobPayload }
	c.ask(`mutation ($id: ID!) { startBulkJob(id: $id) { job `+jobFields+` userErrors { code message } } }`,
		variables{"id": id}, &data)
	return data.StartBulkJob
}

type jobPayload struct {
	Job        *job
	UserErrors []refusal
}

// wait asks for a job until it has come to a status. On the way its progress
// never goes back.
func (c *client) wait(p jobPayload, status string) job {
	c.t.Helper()
	if p.Job == nil || len(p.UserErrors) > 0 {
		c.t.Fatalf("the job is refused: %v", p.UserErrors)
	}
	working, percent := p.Job.Status, 0.0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var data struct{ BulkJob job }
		c.ask(`query ($id: ID!) { bulkJob(id: $id) `+jobFields+` }`, variables{"id": p.Job.ID}, &data)
		j := data.BulkJob
		switch {
		case j.Status == status:
			return j
		case j.Status != working && j.Status != "VERIFYING":
			c.t.Fatalf("the job is %s instead of %s: %+v", j.Status, status, j)
		case j.Progress.Percent < percent || j.Progress.Percent >= 100:
			c.t.Errorf("the progress of a job that is %s went from %v to %v", j.Status, percent, j.Progress.Percent)
		}
		percent = j.Progress.Percent
	}
	c.t.Fatalf("the job has not come to %s", status)
	return job{}
}
