// Package measure calls the cases and measures what they leave behind.
package measure

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// Case is a function with a leak that a rule finds. What Run returns is its output; it must not depend on the leak.
type Case struct {
	Rule   string
	Shape  string // what is special about this one, when a rule has several
	Signal Signal
	Calls  int
	Run    func(e *Env, call int) string
	folder string
}

var cases []Case

// Add makes a case known.
func Add(c Case) {
	_, file, _, _ := runtime.Caller(1)
	c.folder = filepath.Base(filepath.Dir(file))
	cases = append(cases, c)
}

type result struct {
	Folder string  `json:"folder"`
	Rule   string  `json:"rule"`
	Shape  string  `json:"shape"`
	Signal string  `json:"signal"`
	Left   float64 `json:"left"`   // by each call
	Output string  `json:"output"` // of all calls, hashed
}

// All measures every case, one after the other, in one process.
func All() {
	debug.SetGCPercent(-1) // a finalizer must not hide what nobody closed
	e := newEnv()
	defer e.close()
	out := json.NewEncoder(os.Stdout)
	for _, c := range cases {
		if err := out.Encode(measured(c, e)); err != nil {
			panic(err)
		}
	}
}

func measured(c Case, e *Env) result {
	output := sha256.New()
	output.Write([]byte(c.Run(e, 0))) // what is made once is no leak
	rest(e)
	collect()
	e.most = 0
	before := c.Signal.read(e)
	for call := range c.Calls {
		output.Write([]byte(c.Run(e, call+1)))
	}
	if !c.Signal.atOnce {
		rest(e)
	}
	left := (c.Signal.read(e) - before) / float64(c.Calls)
	return result{c.folder, c.Rule, c.Shape, c.Signal.Name, left, fmt.Sprintf("%x", output.Sum(nil))}
}

// rest waits until no goroutine comes or goes any more: a slow exit is no leak.
func rest(e *Env) {
	e.Client.CloseIdleConnections()
	last, calm := runtime.NumGoroutine(), 0
	for range 1000 {
		time.Sleep(time.Millisecond)
		if n := runtime.NumGoroutine(); n != last {
			last, calm = n, 0
		} else if calm++; calm == 15 {
			return
		}
	}
}

// collect runs the collector twice, and lets the finalizers work: a pool keeps its values over one run, and so does a finalizer
// its object.
func collect() {
	for range 2 {
		runtime.GC()
		time.Sleep(2 * time.Millisecond)
	}
}

// Text of a result for the output of a case.
func Text(value any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	switch value := value.(type) {
	case string:
		return value
	case int:
		return strconv.Itoa(value)
	}
	return fmt.Sprint(value)
}
