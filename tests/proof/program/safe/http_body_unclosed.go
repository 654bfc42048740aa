package safe

import (
	"errors"
	"io"
	"net/http"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "http-body-unclosed", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(status(e.Client, e.Address))
	}})
	measure.Add(measure.Case{Rule: "http-body-unclosed", Shape: "an early return", Signal: measure.Connections, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(text(e.Client, e.Address+"/missing"))
	}})
	measure.Add(measure.Case{Rule: "http-body-unclosed", Shape: "in a loop", Signal: measure.Connections, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Text(reachable(e.Client, []string{e.Address, e.Address + "/missing"}), nil)
	}})
	measure.Add(measure.Case{Rule: "http-body-unclosed", Shape: "retries", Signal: measure.Connections, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Text(retried(e.Client, e.Address+"/missing"))
	}})
}

func status(client *http.Client, address string) (int, error) {
	resp, err := client.Get(address)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}

func text(client *http.Client, address string) (string, error) {
	resp, err := client.Get(address)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(resp.Status)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return string(data), err
}

func reachable(client *http.Client, addresses []string) int {
	count := 0
	for _, address := range addresses {
		resp, err := client.Get(address)
		if err != nil {
			continue
		}
		if resp.StatusCode == http.StatusOK {
			count++
		}
	}
	return count
}

func retried(client *http.Client, address string) (int, error) {
	var last int
	for try := range 3 {
		resp, err := client.Get(address)
		if err != nil {
			return 0, err
		}
		if resp.StatusCode == http.StatusOK {
			defer resp.Body.Close()
			return try, nil
		}
		last = resp.StatusCode
		time.Sleep(time.Microsecond)
	}
	return last, nil
}
