package measure

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"
)

// Env is what a case may use.
type Env struct {
	Address string          // of a server that answers with 4 KiB; /missing gives 404
	Client  *http.Client    // for it
	DB      *sql.DB         // rows of three numbers
	Root    context.Context // lives as long as the process
	Dir     string          // for files

	server      *httptest.Server
	connections *connections
	most        int
	end         context.CancelFunc
}

func newEnv() *Env {
	dir, err := os.MkdirTemp("", "proof")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("TMPDIR", dir); err != nil {
		panic(err)
	}
	db, err := sql.Open("proof", "")
	if err != nil {
		panic(err)
	}
	root, cancel := context.WithCancel(context.Background())
	e := &Env{DB: db, Dir: dir, Root: root, end: cancel, connections: &connections{states: map[net.Conn]bool{}}}
	e.server = httptest.NewUnstartedServer(http.HandlerFunc(answer))
	e.server.Config.ConnState = e.connections.changed
	e.server.Start()
	e.Address = e.server.URL
	e.Client = &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	return e
}

func (e *Env) close() {
	e.end()
	if err := os.RemoveAll(e.Dir); err != nil {
		panic(err)
	}
}

// Sample looks how many files are open now.
func (e *Env) Sample() { e.most = max(e.most, openFiles()) }

func (e *Env) sampled() int { return max(e.most, openFiles()) }

// Serve calls a handler as a server does: the context of the request ends with it.
func Serve(handler http.HandlerFunc, target string) string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := httptest.NewRecorder()
	handler(w, Request(target).WithContext(ctx))
	return w.Body.String()
}

// Request for a page, with headers as names and values.
func Request(target string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/missing" {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write(make([]byte, 4096))
}

// connections are those of the server that are not closed.
type connections struct {
	mu     sync.Mutex
	states map[net.Conn]bool
}

func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateClosed {
		delete(c.states, conn)
	} else {
		c.states[conn] = true
	}
}

func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.states)
}
