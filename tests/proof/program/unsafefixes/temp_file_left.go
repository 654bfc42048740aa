package unsafefixes

import (
	"os"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "temp-file-left", Signal: measure.Count("temporary files", temporary), Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", scratch([]byte("data")))
	}})
	measure.Add(measure.Case{Rule: "temp-file-left", Shape: "a folder", Signal: measure.Count("temporary files", temporary), Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(sorted("b a"))
	}})
}

func temporary() int {
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		panic(err)
	}
	return len(entries)
}

func scratch(data []byte) error {
	file, err := os.CreateTemp("", "scratch")
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(data)
	return err
}

func sorted(text string) (int, error) {
	dir, err := os.MkdirTemp("", "sort")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(dir+"/part", []byte(text), 0o600); err != nil {
		return 0, err
	}
	return len(text), nil
}
