package unsafefixes

import (
	"os/exec"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "process-not-waited", Signal: measure.Zombies, Calls: 20, Run: func(e *measure.Env, call int) string {
		return measure.Text("", notify())
	}})
}

func notify() error {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		return err
	}
	return nil
}
