package csvfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

func Example() {
	upload := []byte("sep=;\r\nStudent ID;Name;Groups\r\n0042;Jos\xE9;Math 7; \r\n\r\n1.2E+10;'-Ana;Math 7\r\n")

	format, err := csvfile.Inspect(bytes.NewReader(upload), csvfile.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(format.Encoding, format.Delimiter, format.LineEnding, format.Rows)

	reader, err := csvfile.NewReader(bytes.NewReader(upload), format, csvfile.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		id, name := record.Cells[0], csvfile.UnguardFormula(record.Cells[1])
		fmt.Println(record.Row, id, name, csvfile.DamagedNumber(id))
	}
	// Output:
	// Windows-1252 semicolon CRLF 2
	// 1 0042 José false
	// 3 1.2E+10 -Ana true
}

func ExampleError() {
	_, err := csvfile.Inspect(bytes.NewReader([]byte("Student ID,Name\n1,Ana\n2,\"Bo\n3,Cy\n")), csvfile.Limits{})
	var refused *csvfile.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code)
		fmt.Println(refused.Message)
		fmt.Println(refused.Hint)
	}
	// Output:
	// UNTERMINATED_QUOTE
	// Row 2 under the header has a quotation mark (") that is opened and never closed.
	// Close the quotation mark or delete it. A quotation mark inside a quoted cell is written twice.
}
