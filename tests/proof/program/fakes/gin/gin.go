// Package gin does of the real one what the proof needs.
package gin

import (
	"encoding/json"
	"net/http"
)

type H map[string]any

type HandlerFunc func(*Context)

type Context struct {
	Request *http.Request
	Writer  http.ResponseWriter
}

func (c *Context) Copy() *Context { cp := *c; cp.Writer = nil; return &cp }

func (c *Context) ClientIP() string { return c.Request.RemoteAddr }

func (c *Context) Query(key string) string { return c.Request.URL.Query().Get(key) }

func (c *Context) JSON(code int, value any) {
	c.Writer.WriteHeader(code)
	_ = json.NewEncoder(c.Writer).Encode(value)
}
