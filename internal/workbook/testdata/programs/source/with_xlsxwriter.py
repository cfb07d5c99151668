import datetime
import sys

import xlsxwriter

# With "constant_memory" rows are written as they come, and texts into the cells.
constant = len(sys.argv) > 2 and sys.argv[2] == "constant_memory"
book = xlsxwriter.Workbook(sys.argv[1], {"constant_memory": constant})
lists = book.add_worksheet("Lists")
sheet = book.add_worksheet("Students")
book.add_worksheet("Empty")
lists.write_string("A1", "not the table")
lists.hide()
sheet.activate()
sheet.set_first_sheet()


def look(number_format):
    return book.add_format({"num_format": number_format})


text, bold = look("@"), book.add_format({"bold": True})
for place, name in {"A1": "Student ID", "B1": "Name", "D1": "Note", "E1": "Check"}.items():
    sheet.write_string(place, name, bold)
sheet.write_string("A2", "00042", text)
sheet.write_string("B2", "José Núñez 😀")
sheet.write_string("D2", "  edge  ")
sheet.write_boolean("E2", True)
sheet.write_number("A3", 42, look("00000"))
sheet.write_string("B3", "Fish & <Chips> \"q\" 'a'")
sheet.write_string("D3", "line one\nline two")
sheet.write_boolean("E3", False)
sheet.write_string("A4", "1234567890123456", text)
sheet.write_rich_string("B4", "Ada ", bold, "Lovelace")
sheet.write_string("D4", "_x0041_")
sheet.write_number("E4", 0.1 + 0.2)
sheet.write_number("A7", 123456789, look("000-00-0000"))
sheet.write_string("B7", "Zoe\u0308")
sheet.write_blank("D7", None, bold)
sheet.write_number("E7", 12345, look("#,##0"))
sheet.write_number("A8", 1234567890123456)
sheet.write_string("B8", "too long")
sheet.write_datetime("A9", datetime.date(2026, 1, 2), look("d-mmm"))
sheet.write_string("B9", "a day")
sheet.write_datetime("E9", datetime.datetime(2026, 11, 18, 13, 30), look("yyyy-mm-dd hh:mm"))
sheet.write_formula("A10", '="A"&"7"', None, "A7")
sheet.write_string("B10", "formula")
sheet.write_formula("E10", "=1+1")
sheet.write_string("A11", "00044", text)
sheet.write_string("B11", "error")
sheet.write_formula("E11", "=1/0", None, "#DIV/0!")
sheet.set_row(11, None, None, {"hidden": True})
sheet.write_string("A12", "00045", text)
sheet.write_string("B12", "hidden")
sheet.set_column("D:D", None, None, {"hidden": True})
book.close()
