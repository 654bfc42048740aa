package unsafefixes

import (
	"context"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "select-ignores-cancellation", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		ctx, cancel := context.WithCancel(e.Root)
		defer cancel()
		go consume(ctx, make(chan int), make(chan int))
		return ""
	}})
	measure.Add(measure.Case{Rule: "select-ignores-cancellation", Shape: "a sleep", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		ctx, cancel := context.WithCancel(e.Root)
		defer cancel()
		go poll(ctx)
		return ""
	}})
}

func consume(ctx context.Context, jobs, urgent <-chan int) {
	for {
		select {
		case job := <-jobs:
			println(job)
		case job := <-urgent:
			println(job)
		}
	}
}

func poll(ctx context.Context) {
	for {
		time.Sleep(time.Hour)
		reload()
	}
}
