package measure

import (
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

// Signal is something that grows with a leak.
type Signal struct {
	Name   string
	read   func(*Env) float64
	atOnce bool // read directly behind the last call
}

var (
	// Goroutines counts all of them.
	Goroutines = Signal{Name: "goroutines", read: func(*Env) float64 { return float64(runtime.NumGoroutine()) }}
	// Blocked counts those of the goroutineleak profile: nothing can wake them any more.
	Blocked = Signal{Name: "goroutines that nothing can wake", read: blocked}
	// Files counts open files and sockets before a collection.
	Files = Signal{Name: "open files", read: func(*Env) float64 { return float64(openFiles()) }}
	// FilesDuring is the most that Env.Sample saw.
	FilesDuring = Signal{Name: "files open during the call", read: func(e *Env) float64 { return float64(e.sampled()) }}
	// Connections counts those that the server has.
	Connections = Signal{Name: "connections at the server", read: func(e *Env) float64 { return float64(e.connections.count()) }}
	// InUse counts the connections of the pool that are lent.
	InUse = Signal{Name: "connections of the pool in use", read: func(e *Env) float64 { return float64(e.DB.Stats().InUse) }}
	// Statements counts the prepared statements that the database keeps.
	Statements = Signal{Name: "prepared statements", read: func(*Env) float64 { return float64(prepared.Load()) }}
	// Objects counts what is reachable.
	Objects = Signal{Name: "objects in the heap", read: func(*Env) float64 { return float64(heap().HeapObjects) }}
	// Heap is the size of what is reachable.
	Heap = Signal{Name: "KiB in the heap", read: func(*Env) float64 { return float64(heap().HeapAlloc) / 1024 }}
	// Allocated is the size of all that was allocated, whether it was collected or not.
	Allocated = Signal{Name: "KiB allocated", read: func(*Env) float64 { return float64(memory().TotalAlloc) / 1024 }, atOnce: true}
	// Zombies counts the processes that have ended and for which nobody has waited.
	Zombies = Signal{Name: "ended processes in the process table", read: zombies}
	// Processor is the time that the process has used.
	Processor = Signal{Name: "ms of processor time", read: processor, atOnce: true}
)

// Count is a signal of a case itself.
func Count(name string, read func() int) Signal {
	return Signal{Name: name, read: func(*Env) float64 { return float64(read()) }}
}

// AtOnce is a count that is read directly behind the last call.
func AtOnce(name string, read func() int) Signal {
	signal := Count(name, read)
	signal.atOnce = true
	return signal
}

func blocked(*Env) float64 {
	profile := pprof.Lookup("goroutineleak")
	if err := profile.WriteTo(io.Discard, 0); err != nil {
		panic(err)
	}
	return float64(profile.Count())
}

func openFiles() int {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		panic(err)
	}
	return len(entries)
}

func heap() runtime.MemStats {
	collect()
	return memory()
}

func memory() (stats runtime.MemStats) {
	runtime.ReadMemStats(&stats)
	return stats
}

func processor(*Env) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(time.Duration(usage.Utime.Nano()+usage.Stime.Nano())) / float64(time.Millisecond)
}

var reaped int

// zombies takes those away that it counts, and so counts all that there ever were.
func zombies(*Env) float64 {
	time.Sleep(50 * time.Millisecond) // let them end
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return float64(reaped)
		}
		reaped++
	}
}
