package unsafefixes

import (
	"sync"
	"sync/atomic"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "range-over-unclosed-channel", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		sumAll([]int{1, 2, 3})
		return ""
	}})
	measure.Add(measure.Case{Rule: "range-over-unclosed-channel", Shape: "workers", Signal: measure.Blocked, Calls: 20, Run: func(e *measure.Env, call int) string {
		workers([]int{1, 2, 3}, 4)
		return ""
	}})
}

var sum atomic.Int64

func sumAll(items []int) {
	queue := make(chan int)
	go func() {
		for item := range queue {
			sum.Add(int64(item))
		}
	}()
	for _, item := range items {
		queue <- item
	}
}

func workers(items []int, count int) {
	queue := make(chan int)
	var wg sync.WaitGroup
	for range count {
		go func() {
			for item := range queue {
				sum.Add(int64(item))
				wg.Done()
			}
		}()
	}
	for _, item := range items {
		wg.Add(1)
		queue <- item
	}
	wg.Wait()
}
