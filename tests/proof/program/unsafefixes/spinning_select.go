package unsafefixes

import (
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "spinning-select", Signal: measure.Processor, Calls: 3, Run: func(e *measure.Env, call int) string {
		done := make(chan struct{})
		time.AfterFunc(20*time.Millisecond, func() { close(done) })
		wait(done)
		return ""
	}})
}

func wait(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
	}
}
