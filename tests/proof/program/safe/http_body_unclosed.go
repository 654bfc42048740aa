package safe

import (
	"net/http"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "http-body-unclosed", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(status(e.Client, e.Address))
	}})
}

func status(client *http.Client, address string) (int, error) {
	resp, err := client.Get(address)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}
