package passwd_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/passwd"
)

// words are short words, as lists for pass phrases have them. Some consist of neighbors on
// the keyboard or in the alphabet.
var words = strings.Fields(`acid acorn aqua area bath bike bird blue boat bond book born cake calm card cave city clay
	coal coin cold corn crew dawn deer desk dime door dove drum duck dust east echo edge farm fern film fish flag fork frog
	gate gift goat gold golf hair hand hill home hope horn idea iron item jazz join jury kite knee lake lamp leaf lion loop
	maze milk mint moon moss nest noon oath oven palm path pear pond pony rain reed rice ring road rock roof rope rose sail
	salt sand seed ship shoe silk snow soap soup star stew swan tail tent tide toad tree tuna veil vest wall wave weed well
	west wind wing wolf wood wool yarn zone the my our your`)

// TestPassPhrasesAreTaken makes passwords as they are recommended.
func TestPassPhrasesAreTaken(t *testing.T) {
	t.Parallel()
	own := passwd.Own("Dana", "Smith", "d.smith@example.org", "dsmith")
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		var four []string
		for range 4 {
			four = append(four, words[random.IntN(len(words))])
		}
		if len(strings.Join(four, "")) < 13 {
			continue // of several articles
		}
		for _, between := range []string{" ", "", "-", "2"} {
			phrase := strings.Join(four, between)
			if err := passwd.Check(phrase, own...); err != nil {
				t.Errorf("%q: %v", phrase, err)
			}
		}
	}
}
