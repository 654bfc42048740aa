package worker

import (
	"errors"
	"log"
	"time"
)

var errTimeout = errors.New("timed out")

// Quote asks two suppliers and takes the first answer.
func Quote(product string, ask func(supplier, product string) int) (int, error) {
	answers := make(chan int)
	for _, supplier := range []string{"north", "south"} {
		go func() { answers <- ask(supplier, product) }()
	}
	select {
	case price := <-answers:
		return price, nil
	case <-time.After(time.Second):
		return 0, errors.New("no supplier answered")
	}
}

// Check runs a health check, but does not wait for ever.
func Check(check func() error, limit time.Duration) error {
	result := make(chan error)
	go func() { result <- check() }()
	select {
	case err := <-result:
		return err
	case <-time.After(limit):
		return errTimeout
	}
}

// CheckLate is Check for checks that are often late.
func CheckLate(check func() error, limit time.Duration) error {
	result := make(chan error, 1)
	go func() { result <- check() }()
	select {
	case err := <-result:
		return err
	case <-time.After(limit):
		return errTimeout
	}
}

// Each runs f for every name and logs how far it is.
func Each(names []string, f func(name string) error) error {
	progress := make(chan int)
	go func() {
		for done := range progress {
			log.Printf("%d of %d", done, len(names))
		}
	}()
	for i, name := range names {
		if err := f(name); err != nil {
			return err
		}
		progress <- i + 1
	}
	return nil
}
