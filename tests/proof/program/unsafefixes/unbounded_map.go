package unsafefixes

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"proof.example/measure"
)

func init() {
	shown := &profiles{bySession: map[string]string{}}
	measure.Add(measure.Case{Rule: "unbounded-map", Signal: measure.Heap, Calls: 20_000, Run: func(e *measure.Env, call int) string {
		return measure.Serve(shown.show, "/?session="+strconv.Itoa(call))
	}})
	measure.Add(measure.Case{Rule: "unbounded-map", Shape: "the requests are the keys", Signal: measure.Heap, Calls: 1000, Run: func(e *measure.Env, call int) string {
		return measure.Serve(start, "/?session="+strconv.Itoa(call))
	}})
}

type profiles struct {
	mu        sync.Mutex
	bySession map[string]string
}

func (p *profiles) show(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	session := r.FormValue("session")
	p.bySession[session] = strings.Repeat("profile ", 128)
	fmt.Fprint(w, session)
}

var started = map[*http.Request]string{}

func start(w http.ResponseWriter, r *http.Request) {
	started[r] = r.FormValue("session")
	fmt.Fprint(w, started[r])
}
