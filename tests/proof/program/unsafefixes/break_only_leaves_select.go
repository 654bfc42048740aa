package unsafefixes

import (
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "break-only-leaves-select", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		stop := make(chan struct{}, 1)
		go drain(make(chan int), stop)
		stop <- struct{}{}
		return ""
	}})
	measure.Add(measure.Case{Rule: "break-only-leaves-select", Shape: "with work behind the loop", Signal: measure.Blocked, Calls: 100, Run: func(e *measure.Env, call int) string {
		done := make(chan int, 1)
		stop := make(chan struct{}, 1)
		go total(make(chan int), stop, done)
		stop <- struct{}{}
		return ""
	}})
}

func drain(values <-chan int, stop <-chan struct{}) {
	for {
		select {
		case value := <-values:
			println(value)
		case <-stop:
			break
		}
	}
}

func total(values <-chan int, stop <-chan struct{}, done chan<- int) {
	sum := 0
	for {
		select {
		case value := <-values:
			sum += value
		case <-stop:
			break
		}
	}
	done <- sum
}
