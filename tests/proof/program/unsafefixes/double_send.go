package unsafefixes

import (
	"errors"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "double-send", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", load("no such file"))
	}})
}

func load(path string) error {
	done := make(chan error)
	go func() {
		err := read(path)
		if err != nil {
			done <- err
		}
		done <- nil
	}()
	return <-done
}

func read(path string) error { return errors.New(path) }
