//go:build unix

package providertest

import (
	"os/exec"
	"syscall"
)

// asGroup gives a command a process group of its own.
func asGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a command with all that it has started.
func killGroup(command *exec.Cmd) error {
	return syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
}
