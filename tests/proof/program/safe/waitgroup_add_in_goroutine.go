package safe

import (
	"sync"
	"sync/atomic"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "waitgroup-add-in-goroutine", Signal: measure.AtOnce("jobs behind the Wait", unfinished), Calls: 100, Run: func(e *measure.Env, call int) string {
		runAll([]func(){job})
		return ""
	}})
}

var started, finished atomic.Int64

func unfinished() int { return int(started.Load() - finished.Load()) }

func job() {
	time.Sleep(time.Millisecond)
	finished.Add(1)
}

func runAll(jobs []func()) {
	var wg sync.WaitGroup
	started.Add(int64(len(jobs)))
	for _, job := range jobs {
		go func() {
			wg.Add(1)
			defer wg.Done()
			job()
		}()
	}
	wg.Wait()
}
