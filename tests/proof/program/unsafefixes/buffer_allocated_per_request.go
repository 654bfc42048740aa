package unsafefixes

import (
	"compress/gzip"
	"io"
	"net/http"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "buffer-allocated-per-request", Signal: measure.Allocated, Calls: 100, Run: func(e *measure.Env, call int) string {
		export(discard{}, request)
		return ""
	}})
}

var request, _ = http.NewRequest(http.MethodGet, "/", nil)

type discard struct{}

func (discard) Header() http.Header            { return http.Header{} }
func (discard) Write(data []byte) (int, error) { return io.Discard.Write(data) }
func (discard) WriteHeader(int)                {}

func export(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	gz := gzip.NewWriter(w)
	defer gz.Close()
	_, _ = gz.Write([]byte("data"))
}
