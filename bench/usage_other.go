//go:build !unix

package main

import "os"

// usageOf is what a process that has ended used; memory is not told here.
func usageOf(state *os.ProcessState) usage {
	return usage{CPU: state.UserTime() + state.SystemTime()}
}
