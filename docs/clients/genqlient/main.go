// Command homeroom-client does the main job of Homeroom, from the notice to 0 and back, with
// functions that genqlient has made of operations.graphql.
package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
)

//go:generate go tool genqlient

func main() {
	log.SetFlags(0)
	c := client{endpoint: os.Getenv("HOMEROOM_URL"), token: os.Getenv("HOMEROOM_TOKEN")}
	c.Client = graphql.NewClient(c.endpoint, c)
	c.walk(context.Background(), os.Getenv("HOMEROOM_ORGANIZATION"))
}

type client struct {
	graphql.Client
	endpoint, token string
}

// Do sends a request in the name of the person who is signed in.
func (c client) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+c.token)
	return http.DefaultClient.Do(r)
}

// walk does the main job at a school, and ends the program where something is not as it
// should be.
func (c client) walk(ctx context.Context, at string) {
	before := must(c.notice(ctx, at))
	step("%d active students are in no group", before.Count)

	students := must(Unassigned(ctx, c, at, nil)).Students
	equal(students.TotalCount, before.Count)
	step("the first of them is %s", students.Nodes[0].Name)

	// A file names groups, so the name has to be the only one of the school.
	name := fmt.Sprintf("Made by genqlient %d", time.Now().UnixNano())
	created := must(CreateGroup(ctx, c, CreateGroupInput{OrganizationId: at, Name: name})).CreateGroup
	accepted(created.UserErrors)
	assigned := must(Assign(ctx, c, AssignStudentsToGroupsInput{
		StudentIds: []string{students.Nodes[0].Id, students.Nodes[1].Id},
		GroupIds:   []string{created.Group.Id},
	})).AssignStudentsToGroups
	accepted(assigned.UserErrors)
	left := must(c.notice(ctx, at))
	equal(left.Count, before.Count-2)
	step("two are in the new group, and the notice says %d", left.Count)

	// The address of a file works for a short time: ask for it when somebody wants the file.
	list := must(c.download(*left.CsvUrl))
	id := must(c.upload(at, must(filledIn(list, name))))
	preview := must(c.watch(ctx, id, BulkJobStatusReady, BulkJobStatusFailed))
	equal(preview.Status, BulkJobStatusReady)
	equal(preview.Counts.Updated, left.Count)
	equal(preview.Counts.Errors, 1)
	step("the preview: %d students would change, %d row is refused", preview.Counts.Updated, preview.Counts.Errors)

	accepted(must(Start(ctx, c, id)).StartBulkJob.UserErrors)
	done := must(c.watch(ctx, id, BulkJobStatusCompleted, BulkJobStatusCompletedWithErrors, BulkJobStatusHeld,
		BulkJobStatusFailed))
	equal(done.Status, BulkJobStatusCompletedWithErrors)
	equal(must(c.notice(ctx, at)).Count, 0)
	step("it is done, and nobody is left")

	refused := must(c.download(*done.FailedRowsCsvUrl))
	equal(bytes.Contains(refused, []byte("A group that nobody has made")), true)
	step("the refused row says why")

	accepted(must(Undo(ctx, c, id)).UndoBulkJob.UserErrors)
	undone := must(c.watch(ctx, id, BulkJobStatusUndone, BulkJobStatusPartiallyUndone))
	equal(undone.Status, BulkJobStatusUndone)
	equal(must(c.notice(ctx, at)).Count, left.Count)
	step("it is undone, and the notice says %d again", left.Count)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func equal[T comparable](got, want T) {
	if got != want {
		log.Fatalf("got %v, want %v", got, want)
	}
}

func step(format string, args ...any) { fmt.Printf("ok: "+format+"\n", args...) }

// refusal is an entry of userErrors, of which genqlient makes a type for each mutation.
type refusal interface {
	GetCode() string
	GetMessage() string
}

// accepted ends the program if a mutation was refused.
func accepted[R any, P interface {
	*R
	refusal
}](refused []R) {
	for i := range refused {
		log.Fatalf("%s: %s", P(&refused[i]).GetCode(), P(&refused[i]).GetMessage())
	}
}

// notice returns the notice of an organization.
func (c client) notice(ctx context.Context, at string) (*NoticeOrganizationNotificationsDashboardNotification, error) {
	answer, err := Notice(ctx, c, at)
	if err != nil {
		return nil, err
	}
	if answer.Organization == nil || len(answer.Organization.Notifications) == 0 {
		return nil, fmt.Errorf("there is no notice at %s", at)
	}
	return &answer.Organization.Notifications[0], nil
}

// watch asks for a job until it has one of some statuses.
func (c client) watch(ctx context.Context, id string, until ...BulkJobStatus) (*JobBulkJob, error) {
	for {
		answer, err := Job(ctx, c, id)
		if err != nil {
			return nil, err
		}
		if slices.Contains(until, answer.BulkJob.Status) {
			return answer.BulkJob, nil
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// download gets a file. Without --public-url its address begins with a slash.
func (c client) download(address string) ([]byte, error) {
	base, err := url.Parse(c.endpoint)
	if err != nil {
		return nil, err
	}
	to, err := base.Parse(address)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := c.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	return io.ReadAll(response.Body)
}

// upload sends a file as the GraphQL multipart request specification says, which genqlient
// leaves to others, and returns the id of the job.
func (c client) upload(at string, file []byte) (id string, err error) {
	operations, err := json.Marshal(map[string]any{
		"query": `mutation ($input: SubmitBulkImportInput!) {
			submitBulkImport(input: $input) { job { id } userErrors { code message } }
		}`,
		"variables": map[string]any{"input": map[string]any{"organizationId": at, "kind": "IMPORT_STUDENTS", "file": nil}},
	})
	if err != nil {
		return "", err
	}
	// The order matters: first the operation, then where the file belongs, then the file.
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err = errors.Join(form.WriteField("operations", string(operations)),
		form.WriteField("map", `{"file": ["variables.input.file"]}`))
	if err != nil {
		return "", err
	}
	part, err := form.CreateFormFile("file", "unassigned.csv")
	if err != nil {
		return "", err
	}
	if _, err := part.Write(file); err != nil {
		return "", err
	}
	if err := form.Close(); err != nil {
		return "", err
	}
	request, err := http.NewRequest(http.MethodPost, c.endpoint, &body)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Data struct {
			SubmitBulkImport struct {
				Job        *struct{ ID string }
				UserErrors []struct{ Code, Message string }
			}
		}
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	if answer.Data.SubmitBulkImport.Job == nil {
		return "", fmt.Errorf("%v %v", answer.Errors, answer.Data.SubmitBulkImport.UserErrors)
	}
	return answer.Data.SubmitBulkImport.Job.ID, nil
}

// filledIn puts a group into the empty column of every row, and adds a row that cannot be
// used.
func filledIn(list []byte, group string) ([]byte, error) {
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(list), "\ufeff"))).ReadAll()
	if err != nil {
		return nil, err
	}
	column := slices.Index(rows[0], "Classes/Groups")
	for _, row := range rows[1:] {
		row[column] = group
	}
	wrong := make([]string, len(rows[0]))
	wrong[1], wrong[2], wrong[3], wrong[column] = "no-such-id", "Nobody", "Known", "A group that nobody has made"
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(append(rows, wrong)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
