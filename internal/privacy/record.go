package privacy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/formerenrollment"
	"github.com/openhomeroom/homeroom/ent/db/formerschool"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/db/studentword"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/trace"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The format of a record; docs/privacy.md describes it. Adding a field does not change the
// version.
const (
	recordFormat  = "homeroom student record"
	recordVersion = 1
)

// person is the student in a record: the fields that people write, as roster.StudentFields
// lists them, and what else is stored. The password is missing; the record only says
// whether there is one.
type person struct {
	student *db.Student
	about
}

// about is what is stored about a student besides the fields that people write.
type about struct {
	School              string     `json:"school"`
	SchoolID            string     `json:"schoolId"`
	DistrictID          string     `json:"districtId"`
	Synced              bool       `json:"synced"`
	HasPassword         bool       `json:"hasPassword"`
	CreatedAt           time.Time  `json:"createdAt"`
	Active              bool       `json:"active"`
	SecondsThisYear     int        `json:"secondsThisSchoolYear"`
	LastActiveAt        *time.Time `json:"lastActiveAt"`
	DeletedAt           *time.Time `json:"deletedAt"`
	PurgeAt             *time.Time `json:"purgeAt"`
	ReturnedAt          *time.Time `json:"returnedAt"`
	GoneAt              *time.Time `json:"goneAt"`
	MovedAt             *time.Time `json:"movedAt"`
	LeftSchools         []left     `json:"leftSchools"`
	SearchWords         []string   `json:"searchWords"`
	NameForSorting      string     `json:"nameForSorting"`
	UsernameForMatching string     `json:"usernameForMatching"`
	Version             int        `json:"version"`
}

// MarshalJSON writes the id, the fields of the table, and the rest.
func (p person) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":%q`, globalid.Encode(globalid.Student, p.student.ID))
	for _, f := range roster.StudentFields.Values() {
		text, err := json.Marshal(f.Text(p.student))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, `,%q:%s`, f.API, text)
	}
	rest, err := json.Marshal(p.about)
	b.WriteByte(',')
	b.Write(bytes.TrimPrefix(rest, []byte("{")))
	return b.Bytes(), err
}

// membership is one group of a student.
type membership struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Joined *time.Time `json:"joined,omitempty"`
}

// CheckRecord returns the student whose record the viewer asks for, deleted or not. Only
// administrators of the school get it, until the data are erased.
func (s *Service) CheckRecord(ctx context.Context, studentID int) (*db.Student, error) {
	v := viewer.FromContext(ctx)
	// Both are always looked up, so that the answer for somebody else's student takes as
	// long as for a student who does not exist.
	visible, err := s.db.Client(ctx).Student.Query().Where(student.ID(studentID)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	st, err := s.db.Client(ctx).Student.Get(viewer.AsSystem(ctx, "student whose record somebody asks for"), studentID)
	switch {
	case err != nil && !db.IsNotFound(err):
		return nil, err
	case err == nil && v.Administers(st.OrganizationID, st.DistrictID):
		return st, nil
	case visible:
		return nil, fault.Forbiddenf("only administrators can get the record of a student").At("id")
	default:
		return nil, roster.ErrNoStudent.At("id")
	}
}

// Record writes everything that is stored about a student as one JSON document. All of it
// is from one moment of the database. Refusals come before anything is written.
func (s *Service) Record(ctx context.Context, w io.Writer, studentID int) error {
	ctx, end := s.db.Snapshot(ctx)
	defer end()
	st, err := s.CheckRecord(ctx, studentID)
	if err != nil {
		return err
	}
	ctx = viewer.AsSystem(ctx, "record of a student whom the viewer administers")
	p, err := s.person(ctx, st)
	if err != nil {
		return err
	}
	d := &document{w: bufio.NewWriter(w)}
	d.field("format", recordFormat)
	d.field("version", recordVersion)
	d.field("createdAt", s.instant())
	d.field("student", p)
	for _, list := range []struct {
		name string
		each func(ctx context.Context, st *db.Student, add func(any) error) error
	}{
		{"groups", s.eachGroup},
		{"formerGroups", s.eachFormerGroup},
		{"usageDays", s.eachUsageDay},
		{"usageEvents", s.eachUsageEvent},
		{"bulkJobRows", s.eachJobRow},
		{"auditEntries", s.eachAuditEntry},
	} {
		if err := d.list(list.name, func(add func(any) error) error { return list.each(ctx, st, add) }); err != nil {
			return err
		}
	}
	return d.end()
}

func (s *Service) person(ctx context.Context, st *db.Student) (person, error) {
	client := s.db.Client(ctx)
	school, err := client.Organization.Get(ctx, st.OrganizationID)
	if err != nil {
		return person{}, err
	}
	words, err := client.StudentWord.Query().Where(studentword.StudentID(st.ID)).Order(db.Asc(studentword.FieldWord)).
		Select(studentword.FieldWord).Strings(ctx)
	if err != nil {
		return person{}, err
	}
	former, err := leftSchools(ctx, client, st)
	if err != nil {
		return person{}, err
	}
	p := person{st, about{
		School:              school.Name,
		SchoolID:            globalid.Encode(globalid.Organization, school.ID),
		DistrictID:          globalid.Encode(globalid.Organization, st.DistrictID),
		Synced:              st.Synced == 1,
		HasPassword:         st.PasswordHash != "",
		CreatedAt:           st.CreatedAt,
		Active:              st.Active == 1,
		SecondsThisYear:     st.SecondsThisYear,
		LastActiveAt:        st.LastActiveAt,
		DeletedAt:           st.DeletedAt,
		ReturnedAt:          st.ReturnedAt,
		GoneAt:              st.GoneAt,
		MovedAt:             st.MovedAt,
		LeftSchools:         former,
		SearchWords:         words,
		NameForSorting:      st.SortName,
		UsernameForMatching: st.UsernameKey,
		Version:             st.Version,
	}}
	if st.DeletedAt != nil {
		settings, err := setting.Read(ctx, client, s.now(), school)
		if err != nil {
			return person{}, err
		}
		at := settings[school.ID].PurgeAt(*st.DeletedAt)
		p.PurgeAt = &at
	}
	return p, nil
}

// left is when a student was at a school that the student has left within a month. Not
// everybody who reads the record sees that school.
type left struct {
	CameAt *time.Time `json:"cameAt"`
	LeftAt time.Time  `json:"leftAt"`
}

func leftSchools(ctx context.Context, client *db.Client, st *db.Student) ([]left, error) {
	rows, err := client.FormerSchool.Query().Where(formerschool.StudentID(st.ID)).Order(db.Asc(formerschool.FieldID)).
		All(ctx)
	list := make([]left, len(rows))
	for i, f := range rows {
		list[i] = left{f.CameAt, f.CreatedAt}
	}
	return list, err
}

func (s *Service) eachGroup(ctx context.Context, st *db.Student, add func(any) error) error {
	list, err := s.db.Client(ctx).Enrollment.Query().Where(enrollment.StudentID(st.ID)).WithGroup().
		Order(db.Asc(enrollment.FieldID)).All(ctx)
	for _, e := range list {
		if err := add(membership{globalid.Encode(globalid.Group, e.GroupID), e.Edges.Group.Name, &e.CreatedAt}); err != nil {
			return err
		}
	}
	return err
}

func (s *Service) eachFormerGroup(ctx context.Context, st *db.Student, add func(any) error) error {
	client := s.db.Client(ctx)
	ids, err := client.FormerEnrollment.Query().Where(formerenrollment.StudentID(st.ID)).
		Order(db.Asc(formerenrollment.FieldID)).Select(formerenrollment.FieldGroupID).Ints(ctx)
	if err != nil {
		return err
	}
	names := map[int]string{}
	groups, err := client.Group.Query().Where(group.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		names[g.ID] = g.Name
	}
	for _, id := range ids {
		if err := add(membership{ID: globalid.Encode(globalid.Group, id), Name: names[id]}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) eachJobRow(ctx context.Context, st *db.Student, add func(any) error) error {
	return s.importer.Tell(ctx, st, func(r trace.ToldRow) error { return add(r) })
}

// document writes a JSON object field by field.
type document struct {
	w     *bufio.Writer
	begun bool
	err   error
}

func (d *document) name(name string) {
	if d.err != nil {
		return
	}
	before := "{\n"
	if d.begun {
		before = ",\n"
	}
	d.begun = true
	_, d.err = d.w.WriteString(before + `"` + name + `": `)
}

func (d *document) value(v any) {
	if d.err != nil {
		return
	}
	var text []byte
	if text, d.err = json.Marshal(v); d.err == nil {
		_, d.err = d.w.Write(text)
	}
}

func (d *document) field(name string, v any) {
	d.name(name)
	d.value(v)
}

// list writes an array while its elements are read.
func (d *document) list(name string, each func(add func(any) error) error) error {
	d.name(name)
	d.raw("[")
	n := 0
	err := each(func(v any) error {
		if n++; n > 1 {
			d.raw(",")
		}
		d.raw("\n")
		d.value(v)
		return d.err
	})
	d.raw("]")
	if err != nil {
		return err
	}
	return d.err
}

func (d *document) raw(text string) {
	if d.err == nil {
		_, d.err = d.w.WriteString(text)
	}
}

func (d *document) end() error {
	d.raw("\n}\n")
	if d.err != nil {
		return d.err
	}
	return d.w.Flush()
}
