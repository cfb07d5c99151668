package main_test

import (
	"encoding/csv"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// writeWorkbook is the script command "workbook FILE SHEET.csv...". Every CSV file becomes
// a sheet with its name. Its cells are texts, except those that begin with an equals sign:
// they are formulas, whose values excelize does not calculate.
func writeWorkbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: workbook file.xlsx sheet.csv...")
	}
	f := excelize.NewFile()
	defer f.Close()
	for i, name := range args[1:] {
		sheet := strings.TrimSuffix(filepath.Base(name), ".csv")
		if i == 0 {
			ts.Check(f.SetSheetName("Sheet1", sheet))
		} else {
			_, err := f.NewSheet(sheet)
			ts.Check(err)
		}
		rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(name))).ReadAll()
		ts.Check(err)
		for row, cells := range rows {
			for column, cell := range cells {
				at, err := excelize.CoordinatesToCellName(column+1, row+1)
				ts.Check(err)
				if formula, is := strings.CutPrefix(cell, "="); is {
					ts.Check(f.SetCellFormula(sheet, at, formula))
				} else {
					ts.Check(f.SetCellStr(sheet, at, cell))
				}
			}
		}
	}
	ts.Check(f.SaveAs(ts.MkAbs(args[0])))
}
