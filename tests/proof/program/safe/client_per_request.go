package safe

import (
	"database/sql"
	"fmt"
	"net/http"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "client-per-request", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(ready, "/ready")
	}})
}

func ready(w http.ResponseWriter, r *http.Request) {
	db, err := sql.Open("proof", r.Header.Get("X-Database"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if err := db.PingContext(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprint(w, "ready")
}
