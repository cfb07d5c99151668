const ExcelJS = require('exceljs')

const [, , out, how] = process.argv
// With "stream" rows are written as they come, and texts into the cells.
const book = how === 'stream'
  ? new ExcelJS.stream.xlsx.WorkbookWriter({ filename: out, useStyles: true, useSharedStrings: false })
  : new ExcelJS.Workbook()
const lists = book.addWorksheet('Lists', { state: 'hidden' })
const sheet = book.addWorksheet('Students')
const empty = book.addWorksheet('Empty')
lists.getCell('A1').value = 'not the table'

function put (place, value, numFmt) {
  sheet.getCell(place).value = value
  if (numFmt) sheet.getCell(place).numFmt = numFmt
}

for (const [place, name] of Object.entries({ A1: 'Student ID', B1: 'Name', D1: 'Note', E1: 'Check' })) {
  put(place, name)
  sheet.getCell(place).font = { bold: true }
}
put('A2', '00042', '@')
put('B2', 'José Núñez 😀')
put('D2', '  edge  ')
put('E2', true)
put('A3', 42, '00000')
put('B3', 'Fish & <Chips> "q" \'a\'')
put('D3', 'line one\nline two')
put('E3', false)
put('A4', '1234567890123456', '@')
put('B4', { richText: [{ text: 'Ada ' }, { text: 'Lovelace', font: { bold: true } }] })
put('D4', '_x0041_')
put('E4', 0.1 + 0.2)
put('A7', 123456789, '000-00-0000')
put('B7', 'Zoe\u0308')
put('E7', 12345, '#,##0')
put('A8', 1234567890123456)
put('B8', 'too long')
put('A9', new Date(Date.UTC(2026, 0, 2)), 'd-mmm')
put('B9', 'a day')
put('E9', new Date(Date.UTC(2026, 10, 18, 13, 30)), 'yyyy-mm-dd hh:mm')
put('A10', { formula: '"A"&"7"', result: 'A7' })
put('B10', 'formula')
put('E10', { formula: '1+1', result: 2 })
put('A11', '00044', '@')
put('B11', 'error')
put('E11', { formula: '1/0', result: { error: '#DIV/0!' } })
put('A12', '00045', '@')
put('B12', 'hidden')
sheet.getRow(12).hidden = true
sheet.getColumn('D').hidden = true

async function save () {
  if (how !== 'stream') return book.xlsx.writeFile(out)
  lists.commit()
  sheet.commit()
  empty.commit()
  return book.commit()
}

save()
