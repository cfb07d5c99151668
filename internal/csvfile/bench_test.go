package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// roster is an ASCII file of about 9 MB with a few quoted cells.
func roster() []byte {
	return []byte("Database ID,Student ID,First Name,Last Name,Username,Password,Grade,School,Classes/Groups\r\n" +
		strings.Repeat(
			"3f0c9a52,0041234567,Annabelle,Fitzgerald,afitzgerald01,,7,Lincoln Middle School,\"Math 7; Science, period 2\"\r\n"+
				"3f0c9a53,0041234568,Bo,Li,bli,,7,Lincoln Middle School,Math 7\r\n", 50_000))
}

func BenchmarkEncodingCSV(b *testing.B) {
	file := roster()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(file))
		for {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReader(b *testing.B) {
	file := roster()
	f, err := csvfile.Inspect(bytes.NewReader(file), csvfile.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := csvfile.NewReader(bytes.NewReader(file), f, csvfile.Limits{})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	file := roster()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := csvfile.Inspect(bytes.NewReader(file), csvfile.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
