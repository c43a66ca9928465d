package bucketencryption

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// canaryFolder is where objects are written that prove an encryption.
const canaryFolder = ".cos-encryption-canary/"

const (
	// showsWithin is how long a default may take to show; COS does not document it.
	showsWithin = time.Minute
	// asksEvery is the pause between two objects that are written to see it.
	asksEvery = 2 * time.Second
	// undoPatience bounds what is undone after the caller's time is over.
	undoPatience = 30 * time.Second
)

// change is a bucket's default on its way from what it is to what is wanted.
type change struct {
	client *cosapi.Client
	bucket cosapi.ObjectRef
	want   cosapi.Encryption
	// former is the default to put back, had tells whether there is one.
	former cosapi.BucketEncryption
	had    bool
	verify bool
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
}

// unprovenError says why nothing was changed: an object could not be written as it will have to be.
type unprovenError struct{ err error }

func (e *unprovenError) Error() string { return e.err.Error() }
func (e *unprovenError) Unwrap() error { return e.err }

// undoneError is a default that was set and does not do. kept says why it could not be taken back,
// nil if the former one is back.
type undoneError struct{ err, kept error }

func (e *undoneError) Error() string { return e.err.Error() }
func (e *undoneError) Unwrap() error { return e.err }

var errDoesNotShow = errors.New("objects that are written without a header do not get it")

// run proves that the key can be used, sets the default and waits until it shows.
func (c change) run(ctx context.Context) error {
	if c.verify && c.want.Mode() == cosapi.ModeSSEKMS {
		if _, err := c.canary(ctx, c.want); err != nil {
			return &unprovenError{err}
		}
	}
	document, err := cosapi.DefaultEncryption(c.want)
	if err != nil {
		return err
	}
	if err := c.client.PutBucketEncryption(ctx, c.bucket, document); err != nil {
		return c.afterFailedPut(ctx, err)
	}
	if !c.verify {
		return nil
	}
	if err := c.shows(ctx); err != nil {
		return c.undo(ctx, err)
	}
	return nil
}

// afterFailedPut finds out what a PUT has done whose answer was none: what is not clearly refused is
// taken back.
func (c change) afterFailedPut(ctx context.Context, err error) error {
	if status := cosapi.StatusOf(err); status/100 == 4 {
		return err
	}
	return c.undo(ctx, err)
}

// shows writes objects without a header until one gets the default.
func (c change) shows(ctx context.Context) error {
	ends := c.now().Add(showsWithin)
	for {
		got, err := c.canary(ctx, cosapi.NoEncryption{})
		if err != nil {
			return err
		}
		if _, err := cosapi.VerifyEncryption(c.want, got); err == nil {
			return nil
		}
		if !c.now().Before(ends) {
			return fmt.Errorf("%w: after %s the last one is stored with %s", errDoesNotShow,
				showsWithin, got)
		}
		if err := c.sleep(ctx, asksEvery); err != nil {
			return err
		}
	}
}

// canary writes an object of one byte, looks at it and deletes it.
func (c change) canary(
	ctx context.Context, encryption cosapi.Encryption,
) (cosapi.EncryptionStatus, error) {
	ref := c.bucket
	ref.Key = fmt.Sprintf("%s%016x", canaryFolder, rand.Uint64())
	written, err := c.client.Put(ctx, ref, cosapi.BytesBody([]byte("x")), cosapi.PutOptions{
		WriteOptions: cosapi.WriteOptions{Encryption: encryption},
	})
	if err != nil {
		return cosapi.EncryptionStatus{}, err
	}
	ref.VersionID = written.VersionID
	defer c.remove(ctx, ref)
	info, err := c.client.HeadOnly(ctx, ref, nil)
	return info.Encryption, err
}

// remove deletes a canary, by version where there is one, also when the caller's time is over. What
// stays is one byte, which an audit shows like any other.
func (c change) remove(ctx context.Context, ref cosapi.ObjectRef) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	_, _ = c.client.Delete(own, ref)
}

// undo puts the former default back.
func (c change) undo(ctx context.Context, cause error) error {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	undone := &undoneError{err: cause}
	if c.had {
		undone.kept = c.client.PutBucketEncryption(own, c.bucket, c.former)
	} else {
		undone.kept = c.client.DeleteBucketEncryption(own, c.bucket)
	}
	return undone
}

// sleep waits, or returns the context's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
