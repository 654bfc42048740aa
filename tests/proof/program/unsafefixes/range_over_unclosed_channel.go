package unsafefixes

import (
	"sync/atomic"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "range-over-unclosed-channel", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		sumAll([]int{1, 2, 3})
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
