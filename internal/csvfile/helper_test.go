package csvfile_test

import (
	"bytes"
	"errors"
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// equal fails the test if got is not deeply equal to want.
func equal(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+q\nwant %+q", got, want)
	}
}

// refusal inspects a file and returns the reason for which it was refused.
func refusal(t testing.TB, file string, limits csvfile.Limits) *csvfile.Error {
	t.Helper()
	f, err := csvfile.Inspect(bytes.NewReader([]byte(file)), limits)
	var refused *csvfile.Error
	if !errors.As(err, &refused) {
		t.Fatalf("got format %+v and error %v, want a refusal", f, err)
	}
	return refused
}

// samples configures a property test, which tries the same inputs on every run.
func samples(count int) *quick.Config {
	return &quick.Config{MaxCount: count, Rand: rand.New(rand.NewSource(1))}
}

// cells returns the cells of all records.
func cells(recs []csvfile.Record) [][]string {
	var all [][]string
	for _, rec := range recs {
		all = append(all, rec.Cells)
	}
	return all
}
