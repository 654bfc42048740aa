// Package audit writes down who did what, away from the request.
package audit

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// Event is one line of the trail.
type Event struct {
	At   time.Time
	Who  string
	What string
}

// Trail collects events and writes them in the background.
type Trail struct {
	events  chan Event
	done    chan struct{}
	out     io.Writer
	pending bytes.Buffer
	mu      sync.Mutex
	history []Event
	lastIP  map[string]time.Time
}

// New starts a trail.
func New(size int, out io.Writer) *Trail {
	t := &Trail{
		events: make(chan Event, size),
		done:   make(chan struct{}),
		out:    out,
		lastIP: make(map[string]time.Time),
	}
	go t.write()
	return t
}

// write keeps the lines that could not be written for the next event.
func (t *Trail) write() {
	defer close(t.done)
	for event := range t.events {
		t.pending.WriteString(Format(event))
		if _, err := t.out.Write(t.pending.Bytes()); err == nil {
			t.pending.Reset()
		}
	}
}

// Close waits until everything is written.
func (t *Trail) Close() {
	close(t.events)
	<-t.done
}

// Middleware writes down every request.
func (t *Trail) Middleware() gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		event := Event{At: time.Now(), Who: c.ClientIP(), What: c.FullPath()}
		t.remember(c.ClientIP(), event)
		t.events <- event
	}
}

// remember keeps what the admin page shows.
func (t *Trail) remember(ip string, event Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastIP[ip] = event.At
	t.history = append(t.history, event)
}

// LastSeen is when a client came last.
func (t *Trail) LastSeen(ip string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lastIP[ip]
}

// Recent are the last lines of the history.
func (t *Trail) Recent() string {
	t.mu.Lock()
	if len(t.history) == 0 {
		return ""
	}
	last := slices.Clone(t.history[max(0, len(t.history)-20):])
	t.mu.Unlock()
	return FormatAll(last)
}

var lines = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Format renders an event for the log file.
func Format(event Event) string {
	b := lines.Get().(*bytes.Buffer)
	b.WriteString(event.At.Format(time.RFC3339))
	b.WriteByte(' ')
	b.WriteString(event.What)
	b.WriteByte('\n')
	line := b.String()
	lines.Put(b)
	return line
}

// FormatAll renders many events.
func FormatAll(events []Event) string {
	b := lines.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= 64<<10 {
			lines.Put(b)
		}
	}()
	b.Reset()
	for _, event := range events {
		b.WriteString(event.What)
		b.WriteByte('\n')
	}
	return b.String()
}
