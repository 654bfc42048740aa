package unsafefixes

import (
	"errors"
	"strconv"
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "map-entry-left", Signal: measure.Heap, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Text("", transfer.begin("refused "+strconv.Itoa(call)))
	}})
}

type transfers struct {
	mu     sync.Mutex
	active map[string][]byte
}

var transfer = &transfers{active: map[string][]byte{}}

func (t *transfers) begin(id string) error {
	t.mu.Lock()
	t.active[id] = make([]byte, 64<<10)
	t.mu.Unlock()
	if len(id) > 7 {
		return errors.New("refused")
	}
	t.mu.Lock()
	delete(t.active, id)
	t.mu.Unlock()
	return nil
}
