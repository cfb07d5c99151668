import datetime
import sys

from openpyxl import Workbook
from openpyxl.styles import Font

book = Workbook()
# With "iso_dates" days are stored as text, as the strict variant of the format has them.
book.iso_dates = len(sys.argv) > 2 and sys.argv[2] == "iso_dates"
lists = book.active
lists.title = "Lists"
lists["A1"] = "not the table"
lists.sheet_state = "hidden"
sheet = book.create_sheet("Students")
book.create_sheet("Empty")
book.active = 1


def put(place, value, number_format=None):
    sheet[place] = value
    if number_format:
        sheet[place].number_format = number_format


for place, text in {"A1": "Student ID", "B1": "Name", "D1": "Note", "E1": "Check"}.items():
    put(place, text)
    sheet[place].font = Font(bold=True)
put("A2", "00042", "@")
put("B2", "José Núñez 😀")
put("D2", "  edge  ")
put("E2", True)
put("A3", 42, "00000")
put("B3", "Fish & <Chips> \"q\" 'a'")
put("D3", "line one\nline two")
put("E3", False)
put("A4", "1234567890123456", "@")
put("B4", "Ada Lovelace")
put("D4", "_x0041_")
put("E4", 0.1 + 0.2)
put("A7", 123456789, "000-00-0000")
put("B7", "Zoe\u0308")
put("E7", 12345, "#,##0")
put("A8", 1234567890123456)
put("B8", "too long")
put("A9", datetime.date(2026, 1, 2), "d-mmm")
put("B9", "a day")
put("E9", datetime.datetime(2026, 11, 18, 13, 30), "yyyy-mm-dd hh:mm")
put("A10", '="A"&"7"')
put("B10", "formula")
put("E10", "=1+1")
put("A11", "00044", "@")
put("B11", "error")
put("E11", "#DIV/0!")
put("A12", "00045", "@")
put("B12", "hidden")
sheet.row_dimensions[12].hidden = True
sheet.column_dimensions["D"].hidden = True
book.save(sys.argv[1])
