const XLSX = require('xlsx')

const [, , out, how] = process.argv
const sheet = { '!ref': 'A1:E12', '!rows': [], '!cols': [] }

function put (place, value, z, more) {
  const t = { string: 's', number: 'n', boolean: 'b' }[typeof value]
  sheet[place] = { t, v: value, ...(z ? { z } : {}), ...more }
}

for (const [place, name] of Object.entries({ A1: 'Student ID', B1: 'Name', D1: 'Note', E1: 'Check' })) put(place, name)
put('A2', '00042', '@')
put('B2', 'José Núñez 😀')
put('D2', '  edge  ')
put('E2', true)
put('A3', 42, '00000')
put('B3', 'Fish & <Chips> "q" \'a\'')
put('D3', 'line one\nline two')
put('E3', false)
put('A4', '1234567890123456', '@')
put('B4', 'Ada Lovelace')
put('D4', '_x0041_')
put('E4', 0.1 + 0.2)
put('A7', 123456789, '000-00-0000')
put('B7', 'Zoe\u0308')
put('E7', 12345, '#,##0')
put('A8', 1234567890123456)
put('B8', 'too long')
put('A9', 46024, 'd-mmm')
put('B9', 'a day')
put('E9', 46344.5625, 'yyyy-mm-dd hh:mm')
put('A10', 'A7', null, { f: '"A"&"7"' })
put('B10', 'formula')
put('E10', 2, null, { f: '1+1' })
put('A11', '00044', '@')
put('B11', 'error')
sheet.E11 = { t: 'e', v: 0x07, f: '1/0' }
put('A12', '00045', '@')
put('B12', 'hidden')
sheet['!rows'][11] = { hidden: true }
sheet['!cols'][3] = { hidden: true }

const book = XLSX.utils.book_new()
XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet([['not the table']]), 'Lists')
XLSX.utils.book_append_sheet(book, sheet, 'Students')
XLSX.utils.book_append_sheet(book, {}, 'Empty')
book.Workbook = { Sheets: [{ Hidden: 1 }, { Hidden: 0 }, { Hidden: 0 }] }
// With "shared" texts are written into a list that cells share, otherwise into the cells.
XLSX.writeFile(book, out, { bookSST: how === 'shared', compression: true })
