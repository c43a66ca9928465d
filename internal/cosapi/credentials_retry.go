package cosapi

import (
	"context"
	"time"
)

const (
	// credentialTries is how often STS and the metadata service are asked before giving up, and
	// credentialPause how long to wait after the first try; the pause doubles.
	credentialTries = 3
	credentialPause = 500 * time.Millisecond
)

// tryAgain calls fn until it succeeds, says that another try is pointless, or was called
// credentialTries times. The last error is returned.
func tryAgain(ctx context.Context, fn func() (again bool, err error)) error {
	pause := credentialPause
	for try := 1; ; try++ {
		again, err := fn()
		if err == nil || !again || try == credentialTries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause *= 2
		}
	}
}
