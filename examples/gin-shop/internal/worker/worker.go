// Package worker does what no request waits for.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os/exec"
	"sync"
	"time"

	"example.com/gin-shop/internal/store"
)

// Scheduler runs the nightly jobs.
type Scheduler struct {
	store  *store.Store
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// NewScheduler makes a scheduler.
func NewScheduler(s *store.Store) *Scheduler {
	return &Scheduler{store: s}
}

// Start begins to work.
func (s *Scheduler) Start(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	s.cancel = cancel
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		ticker := time.NewTicker(time.Minute)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if _, err := s.store.OpenOrders(ctx); err != nil {
					log.Printf("scheduler: %v", err)
				}
			}
		}
	}()
}

// Stop waits for the current job.
func (s *Scheduler) Stop() {
	s.cancel()
	s.wg.Wait()
}

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
		return errors.New("timed out")
	}
}

// CheckBuffered is Check with room for the late answer.
func CheckBuffered(check func() error, limit time.Duration) error {
	result := make(chan error, 1)
	go func() { result <- check() }()
	select {
	case err := <-result:
		return err
	case <-time.After(limit):
		return errors.New("timed out")
	}
}

// Sum adds what the workers send.
func Sum(parts []int) int {
	numbers := make(chan int)
	total := make(chan int, 1)
	go func() {
		sum := 0
		for n := range numbers {
			sum += n
		}
		total <- sum
	}()
	for _, part := range parts {
		numbers <- part
	}
	close(numbers)
	return <-total
}

// Notify tells everybody; nobody waits.
func Notify(emails []string, send func(string) error) {
	for _, email := range emails {
		go func() {
			if err := send(email); err != nil {
				log.Printf("notify %s: %v", email, err)
			}
		}()
	}
}

// Convert runs the converter for a file.
func Convert(path string) error {
	cmd := exec.Command("true", path)
	if err := cmd.Start(); err != nil {
		return err
	}
	log.Printf("converting %s as %d", path, cmd.Process.Pid)
	return nil
}

// Batch works through jobs with some helpers.
func Batch(jobs []func() error) error {
	var wg sync.WaitGroup
	var first error
	for _, job := range jobs {
		wg.Add(1)
		go func() {
			if err := job(); err != nil {
				first = fmt.Errorf("batch: %w", err)
				return
			}
			wg.Done()
		}()
	}
	wg.Wait()
	return first
}

// Watch follows a queue until it is closed.
func Watch(queue <-chan string) {
	go func() {
		for {
			select {
			case job, ok := <-queue:
				if !ok {
					break
				}
				log.Printf("job %s", job)
			}
		}
	}()
}

// Drain empties a queue.
func Drain(queue chan string) int {
	count := 0
	for {
		select {
		case _, ok := <-queue:
			if !ok {
				return count
			}
			count++
		default:
		}
	}
}

// Follow logs what comes in as long as it comes.
func Follow(ctx context.Context, in <-chan string) {
	go func() {
		for {
			select {
			case line := <-in:
				log.Print(line)
			case <-time.After(time.Minute):
				log.Print("quiet")
			}
		}
	}()
}
