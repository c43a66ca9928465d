package cosapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// request is one request to COS as the retry loop sees it.
type request struct {
	op     string // COS's name of the operation, as in Error.Op
	ref    ObjectRef
	header http.Header // added before the request is signed; may hold a raw key
	bytes  int64       // length of the body, for Event
	bucket bool        // a request on the bucket: ref.Key is empty
	sdk    *cos.Client // of another endpoint than ref's bucket; nil for that
	once   bool        // repeating what may have succeeded is wrong: see arrived

	// sent reports that the whole body went out; nil of a request without one.
	sent func() bool

	// arrived finds out, for a request with once, whether a try whose answer was lost has been
	// carried out: true ends the loop successfully, false lets it repeat, an error makes the
	// outcome an AmbiguousError. nil means that nobody can find out.
	arrived func(ctx context.Context) (bool, error)
}

// errUnknownOperation guards against an operation whose answers nobody could check.
var errUnknownOperation = errors.New("the table of operations does not know this one")

// sendFunc makes one request with the SDK. It must make a new body reader at every call, and read
// the answer's body to the end if it needs it: what fails outside is not repeated.
type sendFunc func(ctx context.Context, sdk *cos.Client) (*cos.Response, error)

// do makes a request until it succeeds, fails for good, or the tries are used up. This is the only
// retry loop of the package. A failure is an *Error, or an *AmbiguousError for a request with once.
//
// A request that COS refused before doing anything is repeated. One whose outcome is unknown (no
// answer, or an internal error) is repeated as it is only without once.
func (c *Client) do(ctx context.Context, req request, send sendFunc) error {
	sdk, err := c.addressed(req)
	if err != nil {
		return &Error{Op: req.op, Ref: req.ref, Err: err}
	}
	if _, known := operations[req.op]; !known {
		return &Error{Op: req.op, Ref: req.ref, Err: errUnknownOperation}
	}
	doubtful := false
	for attempt := 1; ; attempt++ {
		failure := c.try(ctx, req, attempt, sdk, send)
		if failure == nil {
			return nil
		}
		verdict := judge(failure)
		if doubtful && Classify(failure) == ClassExists {
			// What exists may be the object of the try before, which a HEAD did not show yet.
			if arrived, err := req.arrived(ctx); err == nil && arrived {
				return nil
			}
		}
		if ctx.Err() != nil && verdict != verdictFinal {
			return c.canceled(ctx, req, failure)
		}
		if verdict == verdictUnknown && req.once {
			arrived, err := c.resolve(ctx, req, failure)
			if arrived || err != nil {
				return err
			}
			doubtful = true
		}
		if verdict == verdictFinal || attempt > c.config.MaxRetries {
			return failure
		}
		if c.config.Sleep(ctx, backoff(attempt, failure)) != nil {
			return canceledBy(ctx, req, failure)
		}
	}
}

// addressed is the SDK's client for a request whose names can be a URL's.
func (c *Client) addressed(req request) (*cos.Client, error) {
	check := req.ref.validate
	if req.bucket {
		check = req.ref.validateBucket
	}
	if err := check(); err != nil {
		return nil, err
	}
	if req.sdk != nil {
		return req.sdk, nil
	}
	return c.sdk(req.ref)
}

// try makes one try and reports it to Config.Observe. It returns nil or an *Error.
func (c *Client) try(
	ctx context.Context, req request, attempt int, sdk *cos.Client, send sendFunc,
) error {
	started := time.Now()
	call := &call{
		op: req.op, ref: req.ref, header: req.header, patient: operations[req.op].patient,
	}
	sendCtx, end := c.outliving(ctx, req)
	defer end()
	resp, err := send(withCall(sendCtx, call), sdk)
	event := Event{
		Op: req.op, Ref: req.ref, Attempt: attempt, Duration: time.Since(started), Bytes: req.bytes,
	}
	if resp != nil && resp.Response != nil {
		c.measureSkew(resp.Header)
		event.Status, event.RequestID = resp.StatusCode, resp.Header.Get(headerRequestID)
	}
	if err != nil {
		failure := newError(req, resp, err, call.secrets)
		event.Code, event.Err = failure.Code, failure
		if resp == nil {
			event.Status, event.RequestID = whatCame(lastOfSDK(err))
		}
		c.config.Observe(ctx, event)
		return failure
	}
	c.config.Observe(ctx, event)
	return nil
}

// whatCame is the status and request id of an answer that was not let through, zero if none came.
func whatCame(err error) (int, string) {
	var foreign *NotCOSError
	var damaged *damagedAnswer
	var refusal *cos.ErrorResponse
	switch {
	case errors.As(err, &foreign):
		return foreign.Status, ""
	case errors.As(err, &damaged):
		return damaged.status, damaged.requestID
	case errors.As(err, &refusal) && refusal.Response != nil:
		return refusal.Response.StatusCode, refusal.Response.Header.Get(headerRequestID)
	}
	return 0, ""
}

// resolve asks req.arrived about a try whose outcome is unknown. It returns arrived, or the error
// with which do ends, or neither when the request may be repeated.
func (c *Client) resolve(ctx context.Context, req request, failure error) (bool, error) {
	if req.arrived == nil {
		return false, &AmbiguousError{Op: req.op, Ref: req.ref, Err: failure}
	}
	arrived, err := req.arrived(ctx)
	if err == nil {
		return arrived, nil
	}
	return false, &AmbiguousError{Op: req.op, Ref: req.ref, Err: joinCauses(failure, err)}
}

// canceled ends a request whose context ended during a try. A write may have been carried out all
// the same; that is found out with a context of its own, so that the object is not lost to the
// caller.
func (c *Client) canceled(ctx context.Context, req request, failure error) error {
	if !req.once || req.arrived == nil || judge(failure) == verdictRefused {
		return canceledBy(ctx, req, failure)
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer cancel()
	arrived, err := req.arrived(own)
	switch {
	case err != nil:
		cause := joinCauses(canceledBy(ctx, req, failure), err)
		return &AmbiguousError{Op: req.op, Ref: req.ref, Err: cause}
	case arrived:
		return nil
	}
	return canceledBy(ctx, req, failure)
}

// What a write may still take after its caller has given up: answerPatience to be answered, once it
// has gone out in full, and cancelPatience to be looked for otherwise. Runners of CI kill a process
// that goes on for 7.5 seconds.
const (
	answerPatience = 5 * time.Second
	cancelPatience = 2 * time.Second
)

// outliving is the context of one try. A change that has gone out in full may be carried out
// whatever happens here, so its answer is awaited for a while after ctx has ended: an object that
// nobody knows of is worse than a few seconds. Parts are not awaited, as they make no object.
func (c *Client) outliving(
	ctx context.Context, req request,
) (context.Context, context.CancelFunc) {
	if !operations[req.op].mutates || strings.HasPrefix(req.op, "UploadPart") {
		return ctx, func() {}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if req.sent == nil || req.sent() {
			select {
			case <-own.Done():
			case <-time.After(c.patience):
			}
		}
		cancel()
	})
	return own, func() {
		stop()
		cancel()
	}
}

// canceledBy describes the end of the caller's patience during req.
func canceledBy(ctx context.Context, req request, last error) error {
	return &Error{Op: req.op, Ref: req.ref, Err: &canceledError{ctxErr: ctx.Err(), last: last}}
}

// measureSkew remembers how far COS's clock is ahead of ours. Both are needed to tell whether an
// object was written after a moment here.
func (c *Client) measureSkew(header http.Header) {
	date, err := http.ParseTime(header.Get("Date"))
	if err == nil {
		c.skew.Store(int64(date.Sub(c.config.Now())))
	}
}

// Now is the present by COS's clock, as far as its answers have told: compare it with times that
// COS reports.
func (c *Client) Now() time.Time { return c.serverTime(c.config.Now()) }

// serverTime converts a moment of our clock to COS's.
func (c *Client) serverTime(local time.Time) time.Time {
	return local.Add(time.Duration(c.skew.Load()))
}
