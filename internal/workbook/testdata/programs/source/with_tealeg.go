package main

import (
	"log"
	"os"
	"time"

	"github.com/tealeg/xlsx/v3"
)

func main() {
	book := xlsx.NewFile()
	lists, sheet := add(book, "Lists"), add(book, "Students")
	add(book, "Empty")
	lists.Hidden = true
	at := func(s *xlsx.Sheet, row, column int) *xlsx.Cell {
		c, err := s.Cell(row-1, column)
		if err != nil {
			log.Fatal(err)
		}
		return c
	}
	at(lists, 1, 0).SetString("not the table")
	const id, name, note, check = 0, 1, 3, 4
	text := func(row, column int, value string) *xlsx.Cell {
		c := at(sheet, row, column)
		c.SetString(value)
		return c
	}
	number := func(row, column int, value float64, format string) {
		at(sheet, row, column).SetFloatWithFormat(value, format)
	}

	text(1, id, "Student ID")
	text(1, name, "Name")
	text(1, note, "Note")
	text(1, check, "Check")
	text(2, id, "00042").NumFmt = "@"
	text(2, name, "José Núñez 😀")
	text(2, note, "  edge  ")
	at(sheet, 2, check).SetBool(true)
	number(3, id, 42, "00000")
	text(3, name, `Fish & <Chips> "q" 'a'`)
	text(3, note, "line one\nline two")
	at(sheet, 3, check).SetBool(false)
	text(4, id, "1234567890123456").NumFmt = "@"
	at(sheet, 4, name).
		SetRichText([]xlsx.RichTextRun{{Text: "Ada "}, {Font: &xlsx.RichTextFont{Bold: true}, Text: "Lovelace"}})
	text(4, note, "_x0041_")
	a, b := 0.1, 0.2
	at(sheet, 4, check).SetFloat(a + b)
	number(7, id, 123456789, "000-00-0000")
	text(7, name, "Zoe\u0308")
	number(7, check, 12345, "#,##0")
	at(sheet, 8, id).SetFloat(1234567890123456)
	text(8, name, "too long")
	at(sheet, 9, id).SetDateWithOptions(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		xlsx.DateTimeOptions{Location: time.UTC, ExcelTimeFormat: "d-mmm"})
	text(9, name, "a day")
	number(9, check, 46344.5625, "yyyy-mm-dd hh:mm")
	at(sheet, 10, id).SetStringFormula(`"A"&"7"`)
	text(10, name, "formula")
	at(sheet, 10, check).SetFormula("1+1")
	text(11, id, "00044").NumFmt = "@"
	text(11, name, "error")
	text(12, id, "00045").NumFmt = "@"
	text(12, name, "hidden")
	row, err := sheet.Row(11)
	if err != nil {
		log.Fatal(err)
	}
	row.Hidden = true
	if err := book.Save(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func add(book *xlsx.File, name string) *xlsx.Sheet {
	s, err := book.AddSheet(name)
	if err != nil {
		log.Fatal(err)
	}
	return s
}
