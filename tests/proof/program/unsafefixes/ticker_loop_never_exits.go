package unsafefixes

import (
	"net/http"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "ticker-loop-never-exits", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(progress, "/")
	}})
}

func progress(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	go func() {
		for range ticker.C {
			reload()
		}
	}()
	serve(ctx, w)
}
