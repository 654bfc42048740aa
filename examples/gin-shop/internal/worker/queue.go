package worker

import (
	"context"
	"log"
	"os/exec"
	"sync"
	"time"
)

// Job is something to do later.
type Job struct {
	Name string
	Run  func() error
}

// Queue holds jobs until somebody takes them.
type Queue struct {
	mu   sync.Mutex
	jobs []*Job
}

// Add puts a job at the end. It says no when there is too much to do.
func (q *Queue) Add(job *Job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) >= 1000 {
		return false
	}
	q.jobs = append(q.jobs, job)
	return true
}

// Remove takes a job out of the middle.
func (q *Queue) Remove(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, job := range q.jobs {
		if job.Name == name {
			q.jobs = append(q.jobs[:i], q.jobs[i+1:]...)
			return
		}
	}
}

// Take empties the queue.
func (q *Queue) Take() []*Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	jobs := q.jobs
	q.jobs = nil
	return jobs
}

// Resize makes the small copy of a picture.
func Resize(path string) error {
	cmd := exec.Command("convert", path, "-resize", "200x200", path+".small")
	if err := cmd.Start(); err != nil {
		return err
	}
	log.Printf("resizing %s as process %d", path, cmd.Process.Pid)
	return nil
}

// Watch resizes what is uploaded until the shop closes.
func Watch(ctx context.Context, uploads <-chan string) {
	go func() {
		for {
			select {
			case path := <-uploads:
				if err := Resize(path); err != nil {
					log.Printf("resize: %v", err)
				}
			case <-ctx.Done():
				break
			}
		}
	}()
}

// Drain waits until the uploads are closed and counts what was left.
func Drain(uploads <-chan string) int {
	left := 0
	for {
		select {
		case _, ok := <-uploads:
			if !ok {
				return left
			}
			left++
		default:
		}
	}
}

// Follow logs the changes that a customer waits for.
func Follow(ctx context.Context, who string, changes <-chan string) {
	go func() {
		for {
			select {
			case change := <-changes:
				log.Printf("%s sees %s", who, change)
			case <-time.After(time.Minute):
				log.Printf("%s is waiting", who)
			}
		}
	}()
}
