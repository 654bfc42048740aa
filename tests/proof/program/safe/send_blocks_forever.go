package safe

import (
	"errors"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "send-blocks-forever", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(lookup("example.org"))
	}})
	measure.Add(measure.Case{Rule: "send-blocks-forever", Shape: "an error on the way", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", parallel(errors.New("no name")))
	}})
}

func lookup(host string) (string, error) {
	found := make(chan string)
	go func() { found <- slowLookup(host) }()
	select {
	case address := <-found:
		return address, nil
	case <-time.After(time.Microsecond):
		return "", errors.New("timeout")
	}
}

func slowLookup(host string) string {
	time.Sleep(5 * time.Millisecond)
	return host
}

func parallel(problem error) error {
	result := make(chan error)
	go func() { result <- nil }()
	if problem != nil {
		return problem
	}
	return <-result
}
