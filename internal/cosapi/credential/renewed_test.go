package credential

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// countedFetch is a source whose credentials live for life; its id counts the fetches.
type countedFetch struct {
	life  time.Duration
	calls atomic.Int64
	fail  atomic.Bool
}

var errFetch = errors.New("no answer")

func (f *countedFetch) fetch(context.Context) (Credentials, error) {
	n := f.calls.Add(1)
	if f.fail.Load() {
		return Credentials{}, errFetch
	}
	credentials := Credentials{SecretID: string(rune('A' + n - 1)), SecretKey: NewSecret("k")}
	if f.life > 0 {
		credentials.Expires = time.Now().Add(f.life)
	}
	return credentials, nil
}

func TestRenewedCredentialsAreRenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		life, keptFor, renewedAt time.Duration
	}{
		"two hours":     {2 * time.Hour, 109 * time.Minute, 111 * time.Minute},
		"short session": {20 * time.Minute, 14 * time.Minute, 16 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source := &countedFetch{life: tt.life}
				cached := renewed(source.fetch)
				expectID(t, cached, "A")
				time.Sleep(tt.keptFor)
				expectID(t, cached, "A")
				time.Sleep(tt.renewedAt - tt.keptFor)
				expectID(t, cached, "B")
			})
		})
	}
}

func TestRenewedCredentialsWithoutExpiryAreFetchedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cached := renewed((&countedFetch{}).fetch)
		expectID(t, cached, "A")
		time.Sleep(1000 * time.Hour)
		expectID(t, cached, "A")
	})
}

func TestRenewedCredentialsSurviveAFailedRenewalUntilTheyExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &countedFetch{life: time.Hour}
		cached := renewed(source.fetch)
		expectID(t, cached, "A")
		source.fail.Store(true)
		time.Sleep(51 * time.Minute)
		expectID(t, cached, "A")
		expectID(t, cached, "A")
		if got := source.calls.Load(); got != 2 {
			t.Errorf("fetches within the pause after a failure = %d, want 2", got)
		}
		time.Sleep(10 * time.Minute)
		if _, err := cached.Credentials(t.Context()); !errors.Is(err, errFetch) {
			t.Errorf("error after expiry = %v, want %v", err, errFetch)
		}
		source.fail.Store(false)
		expectID(t, cached, "D")
	})
}

func TestRenewedCredentialsShareOneFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		source := &countedFetch{life: time.Hour}
		cached := renewed(func(ctx context.Context) (Credentials, error) {
			select {
			case <-release:
				return source.fetch(ctx)
			case <-ctx.Done():
				return Credentials{}, ctx.Err()
			}
		})
		impatient, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := cached.Credentials(impatient); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled caller got %v, want %v", err, context.Canceled)
			}
		})
		// The flight has to belong to the caller who leaves.
		synctest.Wait()
		for range 20 {
			group.Go(func() { expectID(t, cached, "A") })
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		group.Wait()
		if got := source.calls.Load(); got != 1 {
			t.Errorf("fetches = %d, want 1", got)
		}
	})
}

func TestTryAgainGivesUp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		again bool
		want  int
	}{
		"temporary": {true, tries},
		"permanent": {false, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := tryAgain(t.Context(), func() (bool, error) {
					calls++
					return tt.again, errFetch
				})
				if calls != tt.want || !errors.Is(err, errFetch) {
					t.Errorf("calls = %d, error %v, want %d and %v", calls, err, tt.want, errFetch)
				}
			})
		})
	}
}

func expectID(t *testing.T, source Source, want string) {
	t.Helper()
	credentials, err := source.Credentials(t.Context())
	if err != nil || credentials.SecretID != want {
		t.Errorf("credentials = %q, error %v, want %q", credentials.SecretID, err, want)
	}
}
