package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// eraseRows is how many subjects one statement names.
const eraseRows = 500

// Erase removes what the audit trail of a district says about students or educators: the
// values of their fields, before and after. It keeps that something happened to them,
// when, and by whom. In the same transaction it records STUDENT_ERASED or EDUCATOR_ERASED
// for each of them, by which Verify tells an erasure from damage.
//
// Call it inside database.InTx. It returns the number of details that it has removed.
func Erase(ctx context.Context, client *db.Client, districtID, organizationID int, kind globalid.Type,
	ids []int) (erased int, err error) {
	action, ok := map[globalid.Type]Action{globalid.Student: StudentErased, globalid.Educator: EducatorErased}[kind]
	if !ok {
		return 0, fmt.Errorf("audit: %q is nobody who can be erased", kind)
	}
	system := viewer.AsSystem(ctx, "personal data in the audit trail")
	for chunk := range slices.Chunk(ids, eraseRows) {
		n, err := client.AuditDetail.Update().ClearBody().ClearSalt().
			Where(auditdetail.SubjectType(string(kind)), auditdetail.SubjectIDIn(chunk...), auditdetail.DistrictID(districtID),
				auditdetail.BodyNotNil()).
			Save(system)
		if err != nil {
			return 0, fmt.Errorf("erase in the audit trail: %w", err)
		}
		erased += n
	}
	for _, id := range ids {
		Record(ctx, Event{Action: action, DistrictID: districtID, OrganizationID: organizationID, Target: On(kind, id)})
	}
	return erased, nil
}
