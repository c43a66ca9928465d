//go:build !linux && !darwin && !freebsd && !windows

package cosapi

import (
	"errors"
	"os"
)

// openLocked: without locks, two processes could take each other's upload for an abandoned one.
func openLocked(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func removeLocked(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

func renameLocked(file *os.File, to string) error {
	return errors.Join(file.Close(), os.Rename(file.Name(), to))
}
