// Package dep is what the traps import.
package dep

import (
	"io"
	"os"
)

type hidden struct{ *os.File }

func (h hidden) Extra(n int) (Op, error) { return nil, nil }

// Holder promotes the members of an unexported type.
type Holder struct {
	hidden
	io.Closer
	Level Level
}

type Op func(int) Op

func (o Op) Run(n int) (io.ReadCloser, error) { return nil, nil }

type Level int

const (
	Low Level = iota
	High
	_
	Top
)

func (l Level) Next() Level { return l + 1 }

// Renamed methods are declared through it.
type renamed = Level

func (l renamed) Text() string { return "" }

var Default = newHolder()

func newHolder() *Holder { return nil }

var Hook = func(name string) (io.ReadCloser, error) { return os.Open(name) }

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

func (p *Pair[A, B]) Swap() *Pair[A, B] { return p }

func MakePair[K comparable, V any](k K, v V) *Pair[K, V] { return &Pair[K, V]{k, v} }

type Strings = Pair[string, string]

type ByName[V any] = Pair[string, V]
