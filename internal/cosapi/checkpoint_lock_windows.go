package cosapi

import (
	"errors"
	"os"
	"syscall"
)

// openLocked opens or makes a file without sharing it, which locks it until it is closed or the
// process ends. It fails if the file is open elsewhere.
func openLocked(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	const shareNothing = 0
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE,
		shareNothing, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// removeLocked removes a file after closing it, as Windows wants. One that somebody has opened
// meanwhile stays.
func removeLocked(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

// renameLocked renames a file after closing it, as Windows wants.
func renameLocked(file *os.File, to string) error {
	return errors.Join(file.Close(), os.Rename(file.Name(), to))
}
