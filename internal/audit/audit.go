// Package audit keeps the audit trail: who did what, when, from where, and what
// was there before. It is written in the transaction of the change, so that there
// is no change without its entry and no entry without its change.
//
// # How to record a change
//
// Inside of database.InTx, when the change has been made, say what happened:
//
//	var c audit.Changes
//	c.Text("firstName", before.FirstName, after.FirstName) // adds nothing where both are equal
//	c.Secret("password")                                   // says that it was set, and nothing more
//	audit.Record(ctx, audit.Event{
//		Action: audit.StudentUpdated, DistrictID: st.DistrictID, OrganizationID: st.OrganizationID,
//		Target: audit.On(globalid.Student, st.ID), Changes: c,
//	})
//
// Record takes who, with which roles, from where, the request and the operation
// from the context (see package viewer); viewer.AsSystem on the way does not hide
// who asked. The entry is written just before the commit. A transaction that is
// tried again begins without entries. Outside of a transaction Record panics,
// because that change has been committed without its entry.
//
// A new kind of change is a constant in action.go with a line that explains it.
// The values of fields, which may be personal, go into Changes and Others alone,
// from where Erase can take them. Facts are for counts and constants: no name,
// no username, no Student ID, no text that somebody typed.
//
// # How to record a read or a refusal
//
// Service.Read and Service.Refused hand an entry to a writer in the background,
// which writes them in batches; see writer.go. What is given out as a file is
// recorded before its first byte, by Service.Now.
//
// # What holds
//
//   - Each entry carries the hash of the one before it in the chain of its
//     district; the newest one stands in audit_heads. Verify finds an entry that was
//     changed, removed, added or moved.
//   - The hash covers salted digests of the details and not their text. Erase takes
//     the text and the salt; the chain stays as it is.
//   - The head is locked last, just before the commit, and heads in the order of
//     their districts: transactions do not wait for each other in a circle.
//   - Nothing in the program changes or removes an entry: the policies deny it, and
//     triggers in the database refuse it.
//
// docs/audit.md says the same for administrators, and what is not promised.
package audit
