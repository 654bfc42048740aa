package unsafefixes

import (
	"context"
	"net/http"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "stream-producer-blocks", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(hungUp, "/")
	}})
}

// hungUp is a handler whose client has gone.
func hungUp(w http.ResponseWriter, r *http.Request) {
	ctx, hangUp := context.WithCancel(r.Context())
	hangUp()
	stream(silent{w}, r.WithContext(ctx))
}

type silent struct{ http.ResponseWriter }

func (silent) Write(p []byte) (int, error) { return len(p), nil }

func stream(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	lines := make(chan string)
	go func() {
		defer close(lines)
		eachLine(func(line string) {
			lines <- line
		})
	}()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return
			}
			_, _ = w.Write([]byte(line))
		case <-ctx.Done():
			return
		}
	}
}

func eachLine(found func(string)) {
	for range 100 {
		found("line\n")
	}
}
