package safe

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "pool-put-without-reset", Signal: measure.Allocated, Calls: 100, Run: func(e *measure.Env, call int) string {
		render(io.Discard, catalogue)
		return ""
	}})
}

var catalogue = strings.Repeat("x", 16<<10)

var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func render(w io.Writer, text string) {
	page := pages.Get().(*bytes.Buffer)
	page.WriteString(text)
	_, _ = w.Write(page.Bytes())
	pages.Put(page)
}
