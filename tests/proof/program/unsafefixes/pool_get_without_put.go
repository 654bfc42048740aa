package unsafefixes

import (
	"bytes"
	"strings"
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "pool-get-without-put", Signal: measure.Allocated, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(measured(text), nil)
	}})
}

var text = strings.Repeat("x", 16<<10)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func measured(text string) int {
	b := buffers.Get().(*bytes.Buffer)
	b.WriteString(text)
	return b.Len()
}
