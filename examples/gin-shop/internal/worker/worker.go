// Package worker does what no request waits for.
package worker

import (
	"context"
	"fmt"
	"log"
	"path/filepath"
	"sync"
	"time"

	"example.com/gin-shop/internal/images"
	"example.com/gin-shop/internal/store"
)

// Scheduler runs the nightly jobs.
type Scheduler struct {
	store   *store.Store
	library *images.Library
	queue   Queue
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

// NewScheduler makes a scheduler.
func NewScheduler(s *store.Store, l *images.Library) *Scheduler {
	return &Scheduler{store: s, library: l}
}

// Start begins to work.
func (s *Scheduler) Start(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	s.cancel = cancel
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		ticker := time.NewTicker(24 * time.Hour)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				s.nightly(ctx)
			}
		}
	}()
}

// Stop waits for the current job.
func (s *Scheduler) Stop() {
	s.cancel()
	s.wg.Wait()
}

func (s *Scheduler) nightly(ctx context.Context) {
	if err := s.store.Backup(ctx, time.Now().Format("shop-2006-01-02.db")); err != nil {
		log.Printf("nightly: %v", err)
	}
	for _, path := range s.library.Paths() {
		s.queue.Add(&Job{Name: filepath.Base(path), Run: func() error { return images.Archive(path) }})
	}
	if err := Batch(s.queue.Take()); err != nil {
		log.Printf("nightly: %v", err)
	}
}

// Batch works through jobs with some helpers.
func Batch(jobs []*Job) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(jobs))
	for _, job := range jobs {
		wg.Add(1)
		go func() {
			if err := job.Run(); err != nil {
				errs <- fmt.Errorf("%s: %w", job.Name, err)
				return
			}
			wg.Done()
		}()
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// Notify sends one text to many customers.
func Notify(emails []string, send func(email string) error) {
	for _, email := range emails {
		go func() {
			if err := send(email); err != nil {
				log.Printf("notify %s: %v", email, err)
			}
		}()
	}
}
