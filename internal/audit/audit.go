// Package audit keeps the audit trail: who did what, when and from where, and the values
// before. An entry is written in the transaction of its change, so there is no change
// without an entry and no entry without a change. The README of the package has the rules
// and the tests that hold them; docs/audit.md tells administrators the same, and what is
// not promised.
//
// # How to record a change
//
// Inside database.InTx, after the change, say what happened:
//
//	var c audit.Changes
//	c.Text("firstName", before.FirstName, after.FirstName) // adds nothing if both are equal
//	c.Secret("password")                                   // says that it was set, and nothing more
//	audit.Record(ctx, audit.Event{
//		Action: audit.StudentUpdated, DistrictID: st.DistrictID, OrganizationID: st.OrganizationID,
//		Target: audit.On(globalid.Student, st.ID), Changes: c,
//	})
//
// Record takes the actor and the actor's roles, the address, the request and the operation
// from the context (see package viewer), even if viewer.AsSystem was called in between.
// The entry is written just before the commit. A transaction that is retried starts
// without entries. Outside a transaction Record panics, because that change has been
// committed without its entry.
//
// A new kind of change needs a constant in action.go, with a line that explains it. Field
// values may be personal, so they belong in Changes and Others, where Erase can remove
// them. Facts are for counts and constants: no name, no username, no Student ID, no text
// that somebody typed.
//
// # How to record a read or a refusal
//
// Service.Read and Service.Refused pass an entry to a writer in the background, which
// writes entries in batches; see writer.go. The download of a file is recorded before its
// first byte, by Service.Now.
package audit
