// Package traps holds what is hard to read for a light inference; go/types says what is right.
package traps

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"iter"
	"maps"
	"net/http"
	"os"
	"slices"
	. "strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"traps/dep"
	"traps/odd-path"
)

// -- package level

var (
	table          = map[string]func() (io.ReadCloser, error){"a": nil}
	first, second  = both()
	opened         = func() (*os.File, error) { return os.Open("x") }
	late           = early()
	early          = func() *sql.DB { return nil }
	self           = struct{ get func() *http.Response }{}
	nested         = []struct{ c chan io.Closer }{}
	_, alsoIgnored = both()
)

func both() (*sql.Conn, *sql.Rows) { return nil, nil }

type token = node

type node struct {
	next  *node
	visit func(*node) *node
	kids  map[string][]*node
}

func (t token) name() string     { return "" }
func (n *node) walk(i int) *node { return n.next }

type handler func(http.ResponseWriter, *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { _ = h(w, r) }

type embedding struct {
	dep.Holder
	*bytes.Buffer
	sync.Mutex
	http.Handler
	list[int]
}

type deeper struct {
	embedding
	extra dep.Op
}

type pointed *embedding

type doer interface {
	io.Closer
	Do(*http.Request) (*http.Response, error)
	clone() doer
}

type loop interface{ again() loop }

// -- shadows

func len(f *os.File) *os.File { return f }

func shadows(r io.Reader, name string) (resp *http.Response, err error) {
	len(nil).Close()
	http := &node{}
	http = http.visit(http.next)
	http.walk(1).walk(2).name()
	if f, err := os.Open(name); err == nil {
		defer f.Close()
		f.Name()
	} else if n, again := f.Read(nil); again != nil {
		_, _ = n, err.Error()
	}
	{
		os := table
		closer, _ := os["a"]()
		closer.Close()
		type io struct{ *sql.Stmt }
		io{}.Close()
	}
	switch time := time.Now(); {
	case time.IsZero():
		time := time.String()
		ToLower(time)
	default:
		time.Unix()
	}
	type dep struct{ *node }
	dep{}.walk(1)
	var string = Repeat("x", 2)
	_ = string
	return
}

// -- members

func members(d deeper, p pointed, q doer, l loop, e *embedding) {
	d.Close()
	d.Name()
	d.Extra(1)
	d.Lock()
	d.WriteString("x")
	d.ServeHTTP(nil, nil)
	d.embedding.Holder.Closer.Close()
	d.extra.Run(1)
	d.extra(1)(2)
	d.Sorted().Sorted()
	d.Level.Next().Text()
	p.Mutex.Unlock()
	q.Close()
	resp, _ := q.clone().Do(nil)
	resp.Body.Close()
	l.again().again()
	dep.Top.Next().Next()
	dep.Level.Next(dep.High)
	(*node).walk(nil, 1).walk(2)
	walk := e.Buffer.WriteString
	walk("x")
	release := resp.Body.Close
	release()
	open := os.Open
	f, _ := open("x")
	f.Close()
	dep.Default.Close()
	dep.Default.Level.Text()
	rc, _ := dep.Hook("x")
	rc.Close()
	var local struct {
		sync.RWMutex
		m map[string]*os.File
	}
	local.RLock()
	local.m["x"].Close()
	handler(nil).ServeHTTP(nil, nil)
	nested[0].c <- nil
	(<-nested[0].c).Close()
	self.get().Body.Close()
	first.Close()
	second.Close()
	alsoIgnored.Next()
	late.Close()
	o, _ := opened()
	o.Close()
}

// -- forms

func forms(x any, ch chan chan io.ReadCloser, m map[string]map[int][]*node) {
	if c, ok := x.(io.Closer); ok {
		c.Close()
	}
	if c, ok := x.(interface{ Close() (int, error) }); ok {
		c.Close()
	}
	switch v := x.(type) {
	case *os.File:
		v.Close()
	case io.ReadCloser, io.Closer:
		_ = v
	case func() error:
		v()
	case interface{ Fd() uintptr }:
		v.Fd()
	case nil:
	default:
		_ = v
	}
	for c := range ch {
		(<-c).Close()
	}
	select {
	case c := <-<-ch:
		c.Close()
	case c, ok := <-ch:
		_ = ok
		v, _ := <-c
		v.Close()
	}
	if kids, ok := m["a"][1]; ok {
		kids[0].walk(1)
	}
	for _, inner := range m {
		for i, kids := range inner {
			kids[i].walk(i).name()
		}
	}
	for i, r := range "abc" {
		Repeat(ToUpper("a"), i+int(r))
	}
	for i := range 3 {
		dep.Level(i).Next()
	}
	array := &[3]*os.File{}
	for _, f := range array {
		f.Close()
	}
	array[1].Close()
	array[:][0].Close()
	literals := []*node{{}, {next: nil}}
	literals[0].walk(1)
	pairs := map[[2]string]*node{{"a", "b"}: {}}
	pairs[[2]string{"a"}].walk(1)
	rows := [...]struct {
		name string
		open func() (io.ReadCloser, error)
	}{{"a", nil}, {name: "b"}}
	for _, row := range rows {
		rc, err := row.open()
		if err == nil {
			rc.Close()
		}
	}
	const wait = 2 * time.Second
	wait.String()
	(wait / 3).Seconds()
	n := 4
	(time.Duration(n) * time.Second).String()
	(-time.Hour).Abs()
	(^dep.Low).Next()
	func() *os.File { return nil }().Close()
	go func(c io.Closer) { c.Close() }(nil)
	(func())(nil)()
	(*os.File)(nil).Close()
	[]io.Closer{nil}[0].Close()
	struct{ io.Closer }{nil}.Close()
	_ = (<-chan *os.File)(nil)
}

// -- grammar

func grammar(fns []func(int) *os.File, t map[dep.Level]func(int) *node, p unsafe.Pointer, c struct{ level dep.Level }) {
	fns[0](1).Close()
	fns[dep.High](1).Close()
	t[c.level](1).walk(1)
	var i int
	m := map[string][]*node{}
	name := "x"
	m[name][i].walk(1)
	found, ok := m[name], true
	_, _ = found, ok
	q := *(*[]io.Closer)(p)
	q[0].Close()
	held := *dep.MakePair[string](name, io.Closer(nil))
	held.Value.Close()
	held.Swap().Swap().Value.Close()
	copied := new(*q[0].(*os.File))
	copied.Close()
	stamp := new(time.Now())
	stamp.Unix()
	level := new(c.level)
	level.Next()
	pointer := &held
	same := new(*pointer)
	same.Value.Close()
	(fns)[0](1).Close()
	(*(&fns[0]))(1).Close()
	((*node).walk)(nil, 1).name()
	bytes := []byte("x")
	bytes = append(bytes, "y"...)
	Title(string(bytes))
	_ = unsafe.String(&bytes[0], 1)
	r, _ := realname.New()
	got, _ := r.Get("x")
	got.Body.Close()
}

// -- generics

type list[T any] []T

func (l list[T]) Sorted() list[T] { return l }

type ring[T any] struct {
	next  *ring[T]
	value T
	all   map[string]*ring[T]
}

func (r *ring[E]) Next() *ring[E] { return r.next }

func (r *ring[E]) All() iter.Seq2[int, E] {
	return func(yield func(int, E) bool) {
		for i, e := 0, r; e != nil; i, e = i+1, e.Next() {
			if !yield(i, e.value) {
				return
			}
		}
	}
}

func (r *ring[_]) Size() int { return 0 }

func (r *ring[E]) Convert[To any](f func(E) To) []To { return nil }

type opener[T any] interface {
	*T
	Init(string) error
	Close() error
}

type resource struct{ closed atomic.Bool }

func (r *resource) Init(string) error { return nil }
func (r *resource) Close() error      { r.closed.Store(true); return nil }

func build[T any, P opener[T]](name string) (P, error) {
	var t T
	p := P(&t)
	if err := p.Init(name); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

type number interface{ ~int | ~int64 | ~float64 }

func sum[T number](xs ...T) (total T) {
	for _, x := range xs {
		total += x
	}
	return
}

func convert[S ~[]E, E, R any](s S, f func(E) R) []R {
	var out []R
	for _, e := range s {
		out = append(out, f(e))
	}
	return out
}

func must[T any](v T, err error) T { return v }

func apply[A, B any](a A, f func(A) (B, error)) (B, error) { return f(a) }

func lazily[T any](f func() (T, error)) func() (T, error) { return sync.OnceValues(f) }

type option[T any] func(*T)

func with[T any](t T, options ...option[T]) *T {
	for _, o := range options {
		o(&t)
	}
	return &t
}

type ordered[T any] interface{ Compare(T) int }

func highest[T ordered[T]](a, b T) T {
	if a.Compare(b) > 0 {
		return a
	}
	return b
}

type rank struct{ *os.File }

func (r rank) Compare(other rank) int { return 0 }

type config struct{ c io.Closer }

func keys[M ~map[K]V, K comparable, V any](m M) (ks []K, vs []V) { return }

func closing[T interface {
	io.Closer
	Name() string
}](t T) T {
	t.Close()
	return t
}

func at[T []byte | string](t T) { ToUpper(string(t[0])) }

func generics(conns map[string]*sql.Conn) {
	r := &ring[io.Closer]{}
	for _, c := range r.All() {
		c.Close()
	}
	r.Next().Next().value.Close()
	r.all["x"].Size()
	r.Convert(func(c io.Closer) *os.File { return nil })[0].Close()
	typed := r.Convert[dep.Level]
	typed(nil)[0].Next()
	p, _ := build[resource]("x")
	p.Close()
	must(os.Open("x")).Close()
	must(apply("x", os.Open)).Close()
	f, _ := apply(1, func(int) (*time.Ticker, error) { return nil, nil })
	f.Stop()
	convert([]string{"x"}, func(s string) *os.File { return nil })[0].Close()
	sum(1, 2)
	sum(1, 2.5)
	sum(time.Second, 2)
	sum([]int64{1}...)
	once, _ := lazily(func() (*os.File, error) { return nil, nil })()
	once.Close()
	with(config{}, func(c *config) { c.c.Close() }).c.Close()
	highest(rank{}, rank{}).Close()
	ks, vs := keys(conns)
	ToUpper(ks[0])
	vs[0].Close()
	closing(must(os.Open("x"))).Name()
	at("x")
	list[int]{1}.Sorted().Sorted()
	dep.MakePair("x", r).Value.Next()
	var alias dep.ByName[*os.File]
	alias.Value.Close()
	alias.Swap().Value.Close()
	var strings dep.Strings
	Repeat(strings.Key, 2)
	for k := range maps.Keys(conns) {
		ToLower(k)
	}
	slices.Sorted(maps.Keys(map[string]bool{}))
	next, stop := iter.Pull(maps.Values(conns))
	defer stop()
	conn, _ := next()
	conn.Close()
	var pointer atomic.Pointer[node]
	pointer.Load().walk(1)
	sync.OnceValue(func() *os.File { return nil })().Close()
	slices.SortFunc(vs, func(a, b *sql.Conn) int { a.Close(); return 0 })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	context.AfterFunc(ctx, cancel)()
	_ = max(1, 2.5)
	_ = min(time.Second, 3)
}
