package unsafefixes

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "goroutine-never-exits", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(refresh, "/")
	}})
	measure.Add(measure.Case{Rule: "goroutine-never-exits", Shape: "a select without an end", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(follow, "/")
	}})
}

func refresh(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	go func() {
		for {
			time.Sleep(time.Hour)
			reload()
		}
	}()
	serve(ctx, w)
}

func reload() {}

func serve(ctx context.Context, w http.ResponseWriter) { fmt.Fprint(w, ctx.Err()) }

func follow(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	events := make(chan int)
	go func() {
		for {
			select {
			case event := <-events:
				println(event)
			case <-time.After(time.Hour):
				reload()
			}
		}
	}()
	serve(ctx, w)
}
