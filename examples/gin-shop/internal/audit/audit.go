// Package audit writes down who did what, away from the request.
package audit

import (
	"bytes"
	"log"
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
	mu      sync.Mutex
	history []string
	lastIP  map[string]time.Time
}

// New starts a trail.
func New(size int) *Trail {
	t := &Trail{events: make(chan Event, size), done: make(chan struct{}), lastIP: make(map[string]time.Time)}
	go t.write()
	return t
}

func (t *Trail) write() {
	defer close(t.done)
	for event := range t.events {
		log.Printf("audit: %s %s %s", event.At.Format(time.RFC3339), event.Who, event.What)
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
		t.remember(c.ClientIP(), c.FullPath())
		t.events <- Event{At: time.Now(), Who: c.ClientIP(), What: c.FullPath()}
	}
}

// remember keeps what the admin page shows.
func (t *Trail) remember(ip, path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastIP[ip] = time.Now()
	t.history = append(t.history, ip+" "+path)
}

// Recent is the last line of the history.
func (t *Trail) Recent() string {
	t.mu.Lock()
	if len(t.history) == 0 {
		return ""
	}
	line := t.history[len(t.history)-1]
	t.mu.Unlock()
	return line
}

var lines = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Format renders an event for the log file.
func Format(event Event) string {
	b := lines.Get().(*bytes.Buffer)
	b.WriteString(event.At.Format(time.RFC3339))
	b.WriteByte(' ')
	b.WriteString(event.What)
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
