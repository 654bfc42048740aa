package traps_test

import (
	"testing"

	"traps"
)

func TestOutside(t *testing.T) {
	traps.Exported.SeenByTests().SeenByTests()
	var seen traps.Seen
	seen.SeenByTests()
	t.Cleanup(func() {})
}
