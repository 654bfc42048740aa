package unsafefixes

import (
	"net/http"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "http-response-overwritten", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(fetch(e.Client, e.Address+"/missing", e.Address))
	}})
}

func fetch(client *http.Client, primary, fallback string) (int, error) {
	resp, err := client.Get(primary)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode == http.StatusNotFound {
		resp, err = client.Get(fallback)
		if err != nil {
			return 0, err
		}
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}
