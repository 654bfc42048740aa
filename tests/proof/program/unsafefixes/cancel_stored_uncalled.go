package unsafefixes

import (
	"context"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "cancel-stored-uncalled", Signal: measure.Objects, Calls: 1000, Run: func(e *measure.Env, call int) string {
		w := newWorker(e.Root)
		w.Close()
		return ""
	}})
}

type worker struct {
	ctx    context.Context
	cancel context.CancelFunc
	jobs   chan int
}

func newWorker(parent context.Context) *worker {
	ctx, cancel := context.WithCancel(parent)
	return &worker{ctx: ctx, cancel: cancel, jobs: make(chan int)}
}

func (w *worker) Close() {
	close(w.jobs)
}
