package importer

// The parts of the work on jobs. Each is the service, with methods of its own.
type (
	// correction corrects a row of a job.
	correction struct{ *Service }
	// checking checks the rows of a job.
	checking struct{ *Service }
	// writing carries out the rows of a job.
	writing struct{ *Service }
	// undoing puts the rows of a job back.
	undoing struct{ *Service }
	// submitting takes a job in.
	submitting struct{ *Service }
	// sweeping removes what jobs have left behind.
	sweeping struct{ *Service }
	// canceling ends a job at a person's word.
	canceling struct{ *Service }
	// holding puts jobs on hold.
	holding struct{ *Service }
	// starting starts and approves jobs.
	starting struct{ *Service }
	// reading shows jobs and their rows.
	reading struct{ *Service }
)
