//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// usageOf is what a process that has ended used, with the processes that it waited for.
func usageOf(state *os.ProcessState) usage {
	used := usage{CPU: state.UserTime() + state.SystemTime()}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		used.Peak = int64(r.Maxrss)
		if runtime.GOOS != "darwin" { // there it is in bytes
			used.Peak <<= 10
		}
	}
	return used
}
