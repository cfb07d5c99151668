package roster

// HasInput reports whether studentInputs says from which input a field of a student is
// created and changed.
func HasInput(db string) bool {
	in := studentInputs[db]
	return in.given != nil && in.changed != nil && in.changed(new(StudentChange)) != nil &&
		in.given(new(NewStudent)) != nil
}

// HasGroupInput is HasInput for groups.
func HasGroupInput(db string) bool { return groupInputs[db] != nil }
