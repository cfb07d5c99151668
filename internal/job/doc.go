// Package job is the engine of bulk jobs. A job stores a file, checks it row by row
// against the roster, shows a list of changes, and writes them only when somebody starts
// it. A job can also edit or delete selected students; then its rows are the students, in
// the order of their names.
//
// The engine knows how a job lives. What a row means is known by the kinds, each in its
// own folder. The README draws the states, walks one row through the code, and names the
// tests of each invariant.
//
// # Words
//
// Each word has one meaning in this package and the packages below it:
//
//   - job: one upload, edit or deletion, from its submission to its end (bulk_jobs)
//   - kind: what the rows of a job are: students, groups, educators, schools,
//     enrollments, or selected students
//   - row: one line of a file, or one student of a selection
//   - check: finding out what a row means and what it will change; it writes nothing to
//     the roster
//   - plan: what one row will do: the changes that people see, and the data needed to
//     write them
//   - field: one property of a student, a group and so on: a column of files, of the
//     database, or of both; each kind has one table of fields (internal/field)
//   - preview: all plans and problems of a job
//   - problem: something that is wrong (an error) or odd (a warning) in a row, with a
//     code and a hint
//   - refuse: leave a row out, with the reason; the other rows go on
//   - target: the student, group, educator or school that a row is about
//   - stale: said of a row whose target has changed since the check; it is refused
//   - hand: somebody who has submitted, started, approved or corrected a job; each of
//     them must be allowed what the job does
//   - outside: said of a row that names something of another school in a job for one
//     school; that school does not see it
//   - lease: the right of one server to work on a job for a while
//   - fence: the number of a claim; a write with an old fence is refused
//   - slot: what a job occupies in its district while a server works on it
//   - loss: what a row deletes or changes, as holds count it
//   - hold: the wait for a second administrator, because a job would delete or change too
//     much
//   - mark: the progress of a job that is all or nothing, and so written in one
//     transaction
//   - tag: a temporary external ID of a new row, until its key is known
//   - before: what a row replaced; an undo needs it
//   - kept row: a refused or corrected row as the file had it, encrypted
//
// # The life of a job
//
//	VERIFYING → READY → PROCESSING → COMPLETED or COMPLETED_WITH_ERRORS
//	READY → HELD → PROCESSING: too much changes, so a second administrator
//	    has to approve it
//	VERIFYING → FAILED, PROCESSING → FAILED: nothing was written
//	VERIFYING, READY, HELD, PROCESSING → CANCELED: a person canceled it; rows
//	    written before that stay, and the counts say how many
//	COMPLETED, COMPLETED_WITH_ERRORS, CANCELED → UNDOING → UNDONE or
//	    PARTIALLY_UNDONE: put back, except rows that somebody has changed since
//
// # Invariants
//
//   - Every row of a file is counted exactly once: after the check, rows = created +
//     updated + unchanged + errors. A row with an error is refused as a whole; the reason
//     is stored with its row number, column, value and a hint.
//   - The start does what the preview shows. A row whose student or group has changed in
//     between is refused as STALE, and the counts follow.
//   - A job acts as everybody with a hand in it, with the roles that they have at that
//     moment. What one of them may not see does not exist for the job, and what one of them
//     may not do is refused; see actor.Hands. An undo acts as the person who asked for it.
//   - A job for a school is about that school. Its rows about educators mean educators of
//     the school. A row that names anything outside is shown only to the submitter and to
//     administrators of the district.
//   - Nobody can set credentials with a file that they could not set otherwise; see
//     credential.Guard.
//   - What a row replaces is recorded in the transaction that replaces it.
//   - A server that stops in the middle loses nothing and does nothing twice. The
//     effects, counters and progress of a batch are written in one transaction, which first
//     checks that the job still belongs to this server.
//   - A file, which may hold passwords, and a password in a preview are stored only
//     encrypted. The file is removed when the job ends, and a password as soon as it is
//     hashed.
//   - A refused row can be downloaded as the file had it, so that it can be corrected.
package job
