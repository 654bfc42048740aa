// Package gin does of the real one what the proof needs.
package gin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
)

type H map[string]any

type HandlerFunc func(*Context)

type Context struct {
	Request *http.Request
	Writer  http.ResponseWriter
	next    HandlerFunc
}

var pooled Context

// Serve answers a request with the context that all of them get, one after the other.
func Serve(handler HandlerFunc, r *http.Request) string {
	w := httptest.NewRecorder()
	pooled = Context{Request: r, Writer: w}
	handler(&pooled)
	return w.Body.String()
}

// Through answers a request with next behind handler.
func Through(handler, next HandlerFunc, r *http.Request) string {
	w := httptest.NewRecorder()
	handler(&Context{Request: r, Writer: w, next: next})
	return w.Body.String()
}

func (c *Context) Next() { c.next(c) }

func (c *Context) GetHeader(key string) string { return c.Request.Header.Get(key) }

func (c *Context) FullPath() string { return c.Request.URL.Path }

func (c *Context) Copy() *Context { cp := *c; cp.Writer = nil; return &cp }

// Done is nil, as in the real one unless its engine falls back to the request's context.
func (c *Context) Done() <-chan struct{} { return nil }

func (c *Context) ClientIP() string { return c.Request.RemoteAddr }

func (c *Context) Query(key string) string { return c.Request.URL.Query().Get(key) }

func (c *Context) JSON(code int, value any) {
	c.Writer.WriteHeader(code)
	_ = json.NewEncoder(c.Writer).Encode(value)
}
