package traps

import "testing"

func testHelper(t *testing.T) *node { t.Helper(); return nil }

func (n *node) onlyInTests() *node { return n }

func TestInside(t *testing.T) {
	testHelper(t).onlyInTests().walk(1)
	t.Run("x", func(t *testing.T) { t.TempDir() })
}

var Exported = testHelper(nil)

type Seen = node

func (n *node) SeenByTests() *Seen { return n }
