//go:build linux || darwin || freebsd

package cosapi

import (
	"errors"
	"os"
	"syscall"
)

var errLockedAway = errors.New("another upload has removed the file at every try")

// openLocked opens or makes a file that only its owner can read, and locks it until it is closed or
// the process ends. It fails if the file is locked.
func openLocked(path string) (*os.File, error) {
	for range 10 {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			_ = file.Close()
			return nil, err
		}
		if isStillAt(file, path) {
			return file, nil
		}
		_ = file.Close()
	}
	return nil, errLockedAway
}

// isStillAt reports that a file was not removed between opening and locking it.
func isStillAt(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(opened, named)
}

// removeLocked removes a file while its lock is held, so that nobody's new file is hit.
func removeLocked(file *os.File) {
	_ = os.Remove(file.Name())
	_ = file.Close()
}

// renameLocked renames a file while its lock is held, so that nobody opens it under its old name.
func renameLocked(file *os.File, to string) error {
	if err := os.Rename(file.Name(), to); err != nil {
		return err
	}
	return file.Close()
}
