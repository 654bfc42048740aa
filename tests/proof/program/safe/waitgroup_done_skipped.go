package safe

import (
	"errors"
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "waitgroup-done-skipped", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		go run([]func() error{func() error { return errors.New("out of stock") }})
		return ""
	}})
}

func run(jobs []func() error) {
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Add(1)
		go func() {
			if err := job(); err != nil {
				return
			}
			wg.Done()
		}()
	}
	wg.Wait()
}
