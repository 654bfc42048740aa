package unsafefixes

import (
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "timer-drain-deadlock", Signal: measure.Goroutines, Calls: 20, Run: func(e *measure.Env, call int) string {
		in := make(chan string)
		idle := make(chan string, 1)
		go batch(in, func(text string) { idle <- text })
		text := <-idle
		time.AfterFunc(time.Millisecond, func() { close(in) })
		return text
	}})
}

func batch(in <-chan string, handle func(string)) {
	timer := time.NewTimer(time.Millisecond)
	for {
		select {
		case text, ok := <-in:
			if !ok {
				return
			}
			handle(text)
		case <-timer.C:
			handle("idle")
		}
		if !timer.Stop() {
			<-timer.C
		}
		timer.Reset(time.Hour)
	}
}
