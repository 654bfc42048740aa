package unsafefixes

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"proof.example/measure"
)

func init() {
	limits := &limits{bySession: map[string]*sessionLimiter{}}
	measure.Add(measure.Case{Rule: "per-key-lock-grows", Signal: measure.Heap, Calls: 20_000, Run: func(e *measure.Env, call int) string {
		return measure.Serve(limits.serve, "/?session="+strconv.Itoa(call))
	}})
}

type sessionLimiter struct{ window [128]int64 }

type limits struct {
	mu        sync.Mutex
	bySession map[string]*sessionLimiter
}

func (l *limits) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	session := r.FormValue("session")
	l.bySession[session] = &sessionLimiter{}
	fmt.Fprint(w, session)
}
