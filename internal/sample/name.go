package sample

import (
	"math/rand/v2"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A culture is a way of naming people. The lists are short on purpose: in a real district,
// many students share a name too.
type culture struct {
	// weight is the share of the people with such names, relative to the sum of all
	// weights.
	weight        int
	given, family string
}

// cultures returns names in the scripts and shapes that occur in a district: with
// diacritics (also in decomposed form), apostrophes, hyphens, particles, two family names,
// one letter, and very long ones.
func cultures() []culture {
	return []culture{
		{30, "Ava|Emma|Liam|Noah|Olivia|James|Mia|Lucas|Grace|Ethan|Chloe|Henry|Ella|Jack|Lily|Owen|Zoe|Caleb|Ruby|Isaac|Mary Ann|Billy Joe|Anna-Grace|D'Andre|Ja'Nae|DeShawn|McKenna|Jr Wayne",
			"Smith|Johnson|Williams|Brown|Jones|Miller|Davis|Wilson|Anderson|Taylor|Moore|Jackson|Martin|Lee|Thompson|White|Harris|Clark|Lewis|Walker|Hall|King|Wright|Scott|Hill|Green|Baker|Smith-Jones|St. John|MacDonald"},
		{22, "Sofía|José|María|Ángel|Lucía|Mateo|Camila|Íñigo|Valentina|Andrés|Ximena|Joaquín|Renée|Jesús|María José|Juan " +
			"Carlos|Begoña|Óscar|Inés|Tomás",
			"García|Hernández|Martínez|López Ortega|Rodríguez|González|Pérez|Muñoz|de la Cruz|Del Río|Núñez " +
				"Peña|Ramírez|Ibáñez|Vázquez|Castañeda|Güell i Puig|Álvarez-Quiñones|Montes de Oca|Ortiz y Gasset"},
		{5, "Caoimhe|Seán|Aoife|Ciarán|Róisín|Siobhán|Fionn|Niamh",
			"O'Brien|O’Connor|Ó Súilleabháin|Ní Dhomhnaill|Mac Giolla Phádraig|D'Arcy|Fitz-Gerald|M'Bow"},
		{5, "Zoë|Chloé|François|Élodie|Loïc|Noémie|Jean-Luc|Anaïs|Hélène|Zoe\u0308",
			"Lefèvre|d'Aubigné|de La Fontaine|Saint-Exupéry|L'Hôpital|Œuvrard|Müller|Çelik|le Goff|Bâtard"},
		{4, "Jürgen|Anneliese|Björn|Käthe|Wolfgang|Mareike|Åsa|Søren|Þóra|Ingrid",
			"von und zu Hohenfels|Groß|Strauß|Weiß-Öztürk|van der Berg|Sjöström|Ångström|Ødegård|Þórðardóttir|ter " +
				"Haar|'t Hooft|Østergaard"},
		{4, "Łukasz|Małgorzata|Zdeněk|Željka|Ștefan|Dvořák|Ágnes|Jüri|Ilkka|Ğülşen",
			"Wójcik|Dąbrowska|Čapek|Šimić|Țepeș|Szőke|Kõiv|Yıldız|Iğdır|Novák-Nováková|Brzęczyszczykiewicz"},
		{4, "Nguyệt|Thị Hồng|Văn Đức|Anh|Minh Châu|Quốc Bảo|Ngọc Ánh|Phương", "Nguyễn|Trần|Lê|Phạm|Đặng|Võ|Bùi|Huỳnh Thị"},
		{4, "محمد|فاطمة|أحمد|ليلى|عمر|نور الهدى|يوسف|زينب", "العلي|الحسيني|عبد الرحمن|بن سالم|القحطاني|أبو بكر|خليل"},
		{2, "נועה|דוד|שרה|אברהם|תמר|יוסף", "כהן|לוי|בן־דוד|פרידמן|מזרחי|בר-לב"},
		{4, "伟|芳|秀英|子涵|浩然|雨桐|思远|欣怡", "王|李|张|欧阳|司马|陈|黄|諸葛"},
		{3, "さくら|翔太|陽菜|健|みゆき|ハナ|大輔", "佐藤|鈴木|高橋|田中|𠮷田|髙島|五十嵐"},
		{3, "민준|서연|하준|지우|도윤|예은", "김|이|박|최|남궁|황보"},
		{4, "Анна|Дмитрий|Ольга|Ёлка|Сергей|Наталія|Їжак|Євген",
			"Иванова|Кузнецов|Соловьёв|Шевченко|Щербаков|Римский-Корсаков|Ґонта"},
		{2, "Αλέξανδρος|Ελένη|Γιώργος|Θεοδώρα|Νίκος", "Παπαδόπουλος|Οικονόμου|Βασιλείου|Αγγελής|Κωνσταντινίδης"},
		{3, "आरव|प्रिया|अर्जुन|लक्ष्मी|श्रीनिवास|कृष्णा", "शर्मा|वर्मा|त्रिपाठी|चट्टोपाध्याय|मिश्रा|क्षत्रिय"},
		{2, "สมชาย|มาลี|ณัฐพล|กมลชนก|ปรียาภรณ์", "ศรีสุข|วงศ์สวัสดิ์|ณ อยุธยา|จันทร์เพ็ญ|ทองคำ"},
		{2, "Nā'ālehu|Keʻalohilani|Tāne|Iñupiaq|Ahyoka|Wiỻ", "Kahananui|Keliʻihoʻomalu|Te Whānau-ā-Apanui|ʔəḱʷaƛ|Begaye"},
		{1, "J|O|Y|Ng|Ƶ", "X|O|E|Ó|Li|Y"},
		{1, "María de los Ángeles Inmaculada Concepción|Nuwanthika Kumaradassanayake " +
			"Mudiyanselage|Venkatanarasimharajuvaripeta Rajasekhara",
			"Keihanaikukauakahihuliheekahaunaele|Fernández de Córdoba y Álvarez de Toledo y " +
				"Pimentel|Wolfeschlegelsteinhausenbergerdorff-Llanfairpwllgwyngyll"},
	}
}

type name struct{ given, family string }

// nameBook picks random names.
type nameBook struct {
	given, family [][]string
	// shares contains the position of each culture as often as its weight says.
	shares []int
}

func newNameBook() *nameBook {
	b := &nameBook{}
	for i, c := range cultures() {
		b.given = append(b.given, strings.Split(norm.NFC.String(c.given), "|"))
		b.family = append(b.family, strings.Split(norm.NFC.String(c.family), "|"))
		for range c.weight {
			b.shares = append(b.shares, i)
		}
	}
	return b
}

// draw returns a name; one in twelve mixes two cultures, as families do.
func (b *nameBook) draw(r *rand.Rand) name {
	c := pick(r, b.shares)
	n := name{given: pick(r, b.given[c])}
	if r.IntN(12) == 0 {
		c = pick(r, b.shares)
	}
	n.family = pick(r, b.family[c])
	return n
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
