//go:build !unix

package providertest

import "os/exec"

// asGroup does nothing: there are no process groups here.
func asGroup(*exec.Cmd) {}

// killGroup kills a command; what it has started ends with its pipes.
func killGroup(command *exec.Cmd) error { return command.Process.Kill() }
