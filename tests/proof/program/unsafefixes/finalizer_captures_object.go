package unsafefixes

import (
	"runtime"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "finalizer-captures-object", Signal: measure.Heap, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Text(len(newArena(64<<10).memory), nil)
	}})
}

type arena struct{ memory []byte }

func (a *arena) free() { a.memory = nil }

func newArena(size int) *arena {
	a := &arena{make([]byte, size)}
	runtime.SetFinalizer(a, func(*arena) { a.free() })
	return a
}
