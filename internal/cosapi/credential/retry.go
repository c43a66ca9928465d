package credential

import (
	"context"
	"time"
)

const (
	// tries is how often STS and the metadata service are asked before giving up, and
	// firstPause how long to wait after the first try; the pause doubles.
	tries      = 3
	firstPause = 500 * time.Millisecond
)

// tryAgain calls fn until it succeeds, says that another try is pointless, or was called
// tries times. The last error is returned.
func tryAgain(ctx context.Context, fn func() (again bool, err error)) error {
	pause := firstPause
	for try := 1; ; try++ {
		again, err := fn()
		if err == nil || !again || try == tries {
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
