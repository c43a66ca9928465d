//go:build !windows && (!unix || solaris || aix)

package cosemu

import (
	"errors"
	"os"
)

// lockFile: two emulators on one directory would lose each other's objects.
func lockFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }
