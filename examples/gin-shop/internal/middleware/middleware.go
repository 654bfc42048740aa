// Package middleware stands between the router and the handlers.
package middleware

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"
)

// User puts the name of the user in front of the access log.
func User() gin.HandlerFunc {
	var user string
	return func(c *gin.Context) {
		user = c.GetHeader("X-User")
		c.Next()
		log.Printf("%s %s by %s", c.Request.Method, c.FullPath(), user)
	}
}

// RequestID gives every request a name of its own.
func RequestID() gin.HandlerFunc {
	return func(c *gin.Context) {
		id := c.GetHeader("X-Request-ID")
		c.Set("request-id", id)
		c.Next()
		log.Printf("%s done", id)
	}
}

// Limiter lets every client in at its own pace.
type Limiter struct {
	mu      sync.Mutex
	clients map[string]*rate.Limiter
}

// NewLimiter makes a limiter.
func NewLimiter() *Limiter {
	return &Limiter{clients: make(map[string]*rate.Limiter)}
}

// Handle refuses clients that are too fast.
func (l *Limiter) Handle(c *gin.Context) {
	l.mu.Lock()
	limiter, ok := l.clients[c.ClientIP()]
	if !ok {
		limiter = rate.NewLimiter(10, 20)
		l.clients[c.ClientIP()] = limiter
	}
	l.mu.Unlock()
	if !limiter.Allow() {
		c.AbortWithStatus(http.StatusTooManyRequests)
		return
	}
	c.Next()
}

// Sessions are forgotten when they are old.
type Sessions struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// NewSessions makes an empty table.
func NewSessions() *Sessions {
	return &Sessions{seen: make(map[string]time.Time)}
}

// Handle notes the session.
func (s *Sessions) Handle(c *gin.Context) {
	s.mu.Lock()
	s.seen[c.GetHeader("X-Session")] = time.Now()
	for id, at := range s.seen {
		if time.Since(at) > time.Hour {
			delete(s.seen, id)
		}
	}
	s.mu.Unlock()
	c.Next()
}

// Gzip compresses an answer that is ready.
func Gzip(c *gin.Context, data []byte) error {
	c.Header("Content-Encoding", "gzip")
	gz := gzip.NewWriter(c.Writer)
	defer gz.Close()
	_, err := gz.Write(data)
	return err
}

// capture keeps what a handler writes.
type capture struct {
	gin.ResponseWriter
	body bytes.Buffer
}

func (w *capture) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}

// Debug logs answers that went wrong.
func Debug() gin.HandlerFunc {
	return func(c *gin.Context) {
		w := &capture{ResponseWriter: c.Writer}
		c.Writer = w
		c.Next()
		if c.Writer.Status() >= 500 {
			log.Printf("request: %s answer: %s", headerLine(c.Request.Header), w.body.String())
		}
	}
}

// headerLine is a header on one line of the log.
func headerLine(header http.Header) string {
	line := ""
	for name, values := range header {
		line += name + "=" + strings.Join(values, ",") + " "
	}
	return line
}

type payloadKey struct{}

// Payload reads the body once, for everybody who needs it.
func Payload() gin.HandlerFunc {
	return func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			c.AbortWithStatus(http.StatusBadRequest)
			return
		}
		ctx := context.WithValue(c.Request.Context(), payloadKey{}, body)
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

// PayloadOf is the body that Payload has read.
func PayloadOf(c *gin.Context) []byte {
	body, _ := c.Request.Context().Value(payloadKey{}).([]byte)
	return body
}

type campaignKey struct{}

// Campaign marks the requests of a campaign.
func Campaign(name string) gin.HandlerFunc {
	ctx := context.Background()
	return func(c *gin.Context) {
		ctx = context.WithValue(ctx, campaignKey{}, name)
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}
