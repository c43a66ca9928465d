package credential

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// renewTimeout bounds one renewal, whoever waits for it.
	renewTimeout = time.Minute
	// renewBefore is how long before they expire credentials are renewed, and renewFraction the
	// part of a short life that is left then.
	renewBefore   = 10 * time.Minute
	renewFraction = 4
	// renewPause is how long a failed renewal is not repeated while the old credentials are valid.
	renewPause = 30 * time.Second
)

// renewedCredentials caches the credentials of a source that costs a file read or a request. The
// first caller fetches them, later ones get them from memory until shortly before they expire;
// callers who come at the same time share one fetch. It is safe for concurrent use.
type renewedCredentials struct {
	fetch func(context.Context) (Credentials, error)
	now   func() time.Time

	flight singleflight.Group

	mu      sync.Mutex
	current Credentials
	have    bool
	renewAt time.Time
}

// renewed wraps a fetch function. Credentials without an expiry are fetched once.
func renewed(fetch func(context.Context) (Credentials, error)) *renewedCredentials {
	return &renewedCredentials{fetch: fetch, now: time.Now}
}

// Credentials implements Source.
func (r *renewedCredentials) Credentials(ctx context.Context) (Credentials, error) {
	if current, fresh := r.cached(); fresh {
		return current, nil
	}
	return share(ctx, &r.flight, r.renew)
}

// share lets callers who come at the same time wait for one call of fn. The call outlives its first
// caller's cancellation: others wait for it too.
func share[T any](
	ctx context.Context, flights *singleflight.Group, fn func(context.Context) (T, error),
) (T, error) {
	flight := flights.DoChan("", func() (any, error) {
		flightCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
		defer cancel()
		return fn(flightCtx)
	})
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case outcome := <-flight:
		if outcome.Err != nil {
			return none, outcome.Err
		}
		return outcome.Val.(T), nil //nolint:forcetypeassert // fn returns it.
	}
}

// cached returns what is in memory and whether it needs no renewal yet.
func (r *renewedCredentials) cached() (Credentials, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current, r.have && (r.current.Expires.IsZero() || r.now().Before(r.renewAt))
}

// renew fetches credentials unless another flight just did. A failure is no error while the old
// ones are still valid.
func (r *renewedCredentials) renew(ctx context.Context) (Credentials, error) {
	if current, fresh := r.cached(); fresh {
		return current, nil
	}
	fetched, err := r.fetch(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if err != nil {
		if r.have && now.Before(r.current.Expires) {
			r.renewAt = now.Add(renewPause)
			return r.current, nil
		}
		return Credentials{}, err
	}
	r.current, r.have = fetched, true
	r.renewAt = fetched.Expires.Add(-min(renewBefore, fetched.Expires.Sub(now)/renewFraction))
	return fetched, nil
}
