package unsafefixes

import (
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "wait-in-spawn-loop", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		go runAll([]func(){func() {}, func() {}})
		return ""
	}})
}

func runAll(jobs []func()) {
	var wg sync.WaitGroup
	wg.Add(len(jobs))
	for _, job := range jobs {
		go func() {
			defer wg.Done()
			job()
		}()
		wg.Wait()
	}
}
