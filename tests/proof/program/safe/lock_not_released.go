package safe

import (
	"errors"
	"sync"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "lock-not-released", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		s := &stock{items: map[string]int{}}
		err := s.add("")
		go s.add("tea")
		return measure.Text("", err)
	}})
	measure.Add(measure.Case{Rule: "lock-not-released", Shape: "a return that reads what is guarded", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		s := &stock{items: map[string]int{"tea": 3}}
		left := s.left("tea")
		go s.left("tea")
		return measure.Text(left, nil)
	}})
}

type stock struct {
	mu    sync.Mutex
	items map[string]int
}

func (s *stock) add(key string) error {
	s.mu.Lock()
	if key == "" {
		return errors.New("no key")
	}
	s.items[key]++
	s.mu.Unlock()
	return nil
}

func (s *stock) left(key string) int {
	s.mu.Lock()
	count := s.items[key]
	if count > 0 {
		return count
	}
	s.mu.Unlock()
	return 0
}
