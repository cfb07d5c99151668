package reach

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// NamesOfStudent are the names that rows of a file may use for a student. They are
// empty for a student who is being erased at that moment, which raises the fence of
// the job.
func NamesOfStudent(ctx context.Context, client *db.Client, id int) ([]string, error) {
	st, err := client.Student.Query().Where(student.ID(id)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []string{globalid.Encode(globalid.Student, st.ID), st.ExternalID, st.Username}, nil
}

// NamesOfEducator are what rows of a file may call an educator.
func NamesOfEducator(ctx context.Context, client *db.Client, id int) ([]string, error) {
	e, err := client.Educator.Query().Where(educator.ID(id)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return []string{globalid.Encode(globalid.Educator, e.ID), row.Deref(e.ExternalID), e.Email}, nil
}

// NamesOfGroup are what rows of a file may call a group.
func NamesOfGroup(ctx context.Context, client *db.Client, id int) ([]string, error) {
	g, err := client.Group.Query().Where(group.ID(id)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return []string{globalid.Encode(globalid.Group, g.ID), row.Deref(g.ExternalID), g.Name}, nil
}

// NamesOfSchool are what rows of a file may call a school.
func NamesOfSchool(ctx context.Context, client *db.Client, id int) ([]string, error) {
	o, err := client.Organization.Query().Where(organization.ID(id)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return []string{globalid.Encode(globalid.Organization, o.ID), row.Deref(o.ExternalID), o.Name}, nil
}
