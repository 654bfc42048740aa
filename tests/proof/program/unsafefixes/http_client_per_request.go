package unsafefixes

import (
	"io"
	"net/http"
	"net/url"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "http-client-per-request", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(check, "/check?address="+url.QueryEscape(e.Address))
	}})
}

func check(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Timeout: 30e9, Transport: &http.Transport{MaxIdleConns: 2}}
	resp, err := client.Get(r.FormValue("address"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(w, resp.Body)
}
