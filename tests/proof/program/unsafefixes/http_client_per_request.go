package unsafefixes

import (
	"io"
	"net/http"
	"net/url"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "http-client-per-request", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Serve(check, "/check?address="+url.QueryEscape(e.Address))
	}})
	measure.Add(measure.Case{Rule: "http-client-per-request", Shape: "that depends on the request", Signal: measure.Connections, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Serve(probe, "/probe?idle=1&address="+url.QueryEscape(e.Address))
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

func probe(w http.ResponseWriter, r *http.Request) {
	transport := &http.Transport{MaxIdleConns: len(r.FormValue("idle"))}
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	resp, err := client.Get(r.FormValue("address"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(w, resp.Body)
}
