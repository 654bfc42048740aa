package unsafefixes

import (
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "deferred-func-not-called", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		l := &ledger{}
		l.post(call)
		go l.post(call)
		return ""
	}})
}

type ledger struct {
	mu    sync.Mutex
	total int
}

func (l *ledger) locked() func() {
	l.mu.Lock()
	return l.mu.Unlock
}

func (l *ledger) post(amount int) {
	defer l.locked()
	l.total += amount
}
