package safe

import (
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "defer-lock", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		go (&visits{pages: map[string]int{}}).count("/")
		return ""
	}})
}

type visits struct {
	mu    sync.Mutex
	pages map[string]int
}

func (v *visits) count(page string) {
	v.mu.Lock()
	defer v.mu.Lock()
	v.pages[page]++
}
