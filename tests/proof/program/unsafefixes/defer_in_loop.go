package unsafefixes

import (
	"bufio"
	"os"
	"path/filepath"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "defer-in-loop", Shape: "with a return in it", Signal: measure.FilesDuring, Calls: 1, Run: func(e *measure.Env, call int) string {
		path := filepath.Join(e.Dir, "other lines")
		if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
			panic(err)
		}
		return measure.Text(longest(path, 100, e.Sample))
	}})
}

func longest(path string, times int, sample func()) (int, error) {
	most := 0
	for range times {
		file, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		defer file.Close()
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			most = max(most, len(scanner.Text()))
		}
	}
	sample()
	return most, nil
}
