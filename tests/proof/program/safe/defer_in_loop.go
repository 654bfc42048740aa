package safe

import (
	"bufio"
	"os"
	"path/filepath"
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "defer-in-loop", Signal: measure.FilesDuring, Calls: 1, Run: func(e *measure.Env, call int) string {
		path := filepath.Join(e.Dir, "lines")
		if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
			panic(err)
		}
		paths := make([]string, 100)
		for i := range paths {
			paths[i] = path
		}
		return measure.Text(countLines(paths, e.Sample), nil)
	}})
	measure.Add(measure.Case{Rule: "defer-in-loop", Shape: "a lock", Signal: measure.Goroutines, Calls: 50, Run: func(e *measure.Env, call int) string {
		go (&counters{counts: map[string]int{}}).add([]string{"a", "b"})
		return ""
	}})
}

func countLines(paths []string, sample func()) int {
	lines := 0
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		defer file.Close()
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			lines++
		}
	}
	sample()
	return lines
}

type counters struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counters) add(names []string) {
	for _, name := range names {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.counts[name]++
	}
}
