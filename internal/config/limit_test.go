package config_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
)

// TestEachLimitHasItsBounds tries the last good and the first bad value at both ends, of
// the limits of tomorrow too.
func TestEachLimitHasItsBounds(t *testing.T) {
	t.Parallel()
	second, hour := int64(time.Second), int64(time.Hour)
	bounds := map[string][2]int64{ // 0 if there is no limit
		"DocumentBytes": {1 << 10, 16 << 20}, "BodyMemory": {1 << 20, 0}, "UploadStorage": {1 << 20, 0},
		"StatementTimeout": {second, hour},
		"Tokens":           {200, 100_000}, "Depth": {5, 100}, "Fields": {50, 5000}, "Aliases": {1, 5000}, "RootFields": {1, 500},
		"Complexity": {1000, 10_000_000}, "Operations": {1, 1000}, "Subscriptions": {1, 10_000}, "Uploads": {1, 100},
		"Downloads": {1, 100}, "AllDownloads": {1, 1000}, "AllSubscriptions": {1, 1_000_000}, "Sockets": {1, 10_000},
		"AllSockets": {1, 1_000_000}, "NewSockets": {1, 100_000}, "AllNewSockets": {1, 1_000_000},
	}
	kind := reflect.TypeFor[config.Limits]()
	for i := range kind.NumField() {
		name := kind.Field(i).Name
		b, known := bounds[name]
		if !known {
			t.Errorf("say between what %s lies", name)
			continue
		}
		values := map[int64]bool{b[0] - 1: false, b[0]: true}
		if b[1] != 0 {
			values[b[1]], values[b[1]+1] = true, false
		}
		for value, good := range values {
			l := config.Default().Limits
			reflect.ValueOf(&l).Elem().Field(i).SetInt(value)
			if err := l.Validate(); (err == nil) != good {
				t.Errorf("%s of %d: %v", name, value, err)
			}
		}
	}
}
