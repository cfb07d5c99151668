package roster

// HasInput reports whether somebody has said where a field of a student stands in what a
// student is created from and changed by.
func HasInput(db string) bool {
	in := studentInputs[db]
	return in.given != nil && in.changed != nil && in.changed(new(StudentChange)) != nil &&
		in.given(new(NewStudent)) != nil
}

// HasGroupInput is HasInput for groups.
func HasGroupInput(db string) bool { return groupInputs[db] != nil }
