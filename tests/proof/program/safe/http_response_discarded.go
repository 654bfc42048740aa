package safe

import (
	"net/http"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "http-response-discarded", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", ping(e.Client, e.Address))
	}})
}

func ping(client *http.Client, address string) error {
	_, err := client.Get(address)
	if err != nil {
		return err
	}
	return nil
}
