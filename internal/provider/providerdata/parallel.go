package providerdata

import (
	"context"
	"sync"
)

// InParallel calls work for 0 to n-1, as many at once as slots has room for; slots may be shared
// with others. The first error stops it and is returned.
func InParallel(
	ctx context.Context, slots chan struct{}, n int, work func(context.Context, int) error,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for i := range n {
		select {
		case <-ctx.Done():
		case slots <- struct{}{}:
			group.Go(func() {
				defer func() { <-slots }()
				if err := work(ctx, i); err != nil {
					cancel(err)
				}
			})
		}
		if ctx.Err() != nil {
			break
		}
	}
	group.Wait()
	return context.Cause(ctx)
}
