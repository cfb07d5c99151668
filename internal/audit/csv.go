package audit

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// columns are the columns of the file.
var columns = []string{
	"District", "Sequence", "Time", "Action", "Code", "Actor Kind", "Actor", "Roles", "Address", "Request", "Operation",
	"Organization", "Target", "Job", "Facts", "Changes", "Hash",
}

// CSV writes a list as a file, newest first, and returns the number of entries. It reads
// page by page, so the length of the list does not matter for memory.
func (l *List) CSV(ctx context.Context, w io.Writer) (rows int, err error) {
	file := csvfile.NewWriter(w)
	if err := file.Write(columns); err != nil {
		return 0, err
	}
	size := page.Max
	for args := (page.Args{First: &size}); ; {
		p, err := l.Page(ctx, args)
		if err != nil {
			return rows, err
		}
		told, err := details(ctx, l.db, p.Items)
		if err != nil {
			return rows, err
		}
		for _, e := range p.Items {
			if err := file.Write(cells(viewer.FromContext(ctx), e, told[e.ID])); err != nil {
				return rows, err
			}
		}
		rows += len(p.Items)
		if !p.HasNextPage {
			return rows, file.Flush()
		}
		args.After = &p.Cursors[len(p.Cursors)-1]
	}
}

// cells returns an entry as a line of the file. A school does not get the place in the
// chain of the district, because that would show how much happens elsewhere.
func cells(v *viewer.Viewer, e *db.AuditEvent, told []Told) []string {
	sequence := ""
	if v.Administers(e.DistrictID, e.DistrictID) {
		sequence = strconv.Itoa(e.Seq)
	}
	return []string{
		ID(globalid.Organization, e.DistrictID), sequence, e.CreatedAt.UTC().Format(time.RFC3339Nano), e.Action,
		e.Code, e.ActorKind, Who(e), RolesTold(v, e), e.Address, e.RequestID, e.Operation,
		ID(globalid.Organization, e.OrganizationID), ID(globalid.Type(e.TargetType), e.TargetID),
		ID(globalid.BulkJob, e.JobID), e.Facts, inWords(told), e.Hash,
	}
}

// ID returns the ID of a key in the API; it is empty if there is no key.
func ID(t globalid.Type, key int) string {
	if key == 0 {
		return ""
	}
	return globalid.Encode(t, key)
}

// inWords writes the details of an entry into one cell.
func inWords(told []Told) string {
	var parts []string
	for _, t := range told {
		subject := ID(t.Subject.Type, t.Subject.ID)
		if t.Erased {
			parts = append(parts, subject+": erased")
		}
		for _, c := range t.Changes {
			parts = append(parts, subject+" "+c.Field+": "+value(c.Before)+" → "+value(c.After))
		}
	}
	return strings.Join(parts, "; ")
}

func value(v *string) string {
	if v == nil {
		return "none"
	}
	return *v
}

// Who describes the actor of an entry: the ID of an educator or a key, the login of an
// operator, or the reason why the server acted.
func Who(e *db.AuditEvent) string {
	switch ActorKind(e.ActorKind) {
	case Educator:
		return ID(globalid.Educator, e.ActorID)
	case ServiceKey:
		return ID(globalid.ServiceKey, e.ActorID)
	default:
		return e.ActorLabel
	}
}
