package cosapi

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

func TestRetriesOfReads(t *testing.T) {
	t.Parallel()
	reset := answer{}
	for name, test := range map[string]struct {
		answers []answer
		class   Class
		tries   int
	}{
		"success":           {[]answer{found(nil)}, ClassOther, 1},
		"slow-down":         {[]answer{refusal(503, "SlowDown"), found(nil)}, ClassOther, 2},
		"kms-throttled":     {[]answer{refusal(503, "KmsFreqControl"), found(nil)}, ClassOther, 2},
		"path-conflict":     {[]answer{refusal(409, "PathConflict"), found(nil)}, ClassOther, 2},
		"too-many-requests": {[]answer{{status: 429}, found(nil)}, ClassOther, 2},
		"internal":          {[]answer{refusal(500, "InternalError"), found(nil)}, ClassOther, 2},
		"gateway":           {[]answer{{status: 502}, {status: 504}, found(nil)}, ClassOther, 3},
		"reset":             {[]answer{reset, reset, found(nil)}, ClassOther, 3},
		"for-ever-busy":     {[]answer{refusal(503, "SlowDown")}, ClassThrottled, 6},
		"for-ever-broken":   {[]answer{refusal(500, "InternalError")}, ClassServer, 6},
		"for-ever-reset":    {[]answer{reset}, ClassConnection, 6},
		"denied":            {[]answer{refusal(403, "AccessDenied")}, ClassPermission, 1},
		"missing":           {[]answer{refusal(404, "NoSuchKey")}, ClassNotFound, 1},
		"wrong-bucket":      {[]answer{refusal(404, "NoSuchBucket")}, ClassNoSuchBucket, 1},
		"not-implemented":   {[]answer{refusal(501, "NotImplemented")}, ClassInvalid, 1},
		"kms-key":           {[]answer{refusal(400, "KmsKeyDisabled")}, ClassKMS, 1},
		"wrong-clock":       {[]answer{refusal(403, "RequestTimeTooSkewed")}, ClassClock, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(test.answers...))
			// GET has a body in its errors, unlike HEAD, so that the codes arrive.
			_, _, err := w.Content(t.Context(), testRef("k"), nil, 10)
			if got := Classify(err); got != test.class {
				t.Errorf("class = %d, want %d (%v)", got, test.class, err)
			}
			if got := len(w.ops()); got != test.tries {
				t.Errorf("%d tries, want %d", got, test.tries)
			}
			if got := len(w.sleeps); got != test.tries-1 {
				t.Errorf("%d pauses, want %d", got, test.tries-1)
			}
		})
	}
}

func TestErrorCarriesTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(refusal(403, "AccessDenied")))
	_, err := w.Tags(t.Context(), testRef("dir/k"))
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("error is %T", err)
	}
	failure.Err = nil
	want := &Error{
		Op: "GetObjectTagging", Ref: testRef("dir/k"), Status: 403, Code: "AccessDenied",
		Message: "why AccessDenied", RequestID: "request-1",
	}
	if diff := cmp.Diff(want, failure); diff != "" {
		t.Error(diff)
	}
	text := "GetObjectTagging examplebucket-1250000000/dir/k: status 403 AccessDenied: " +
		"why AccessDenied (request id request-1)"
	if got := err.Error(); got != text {
		t.Errorf("got %s", got)
	}
}

func TestErrorsHoldNoRequestHeaders(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	w := newWire(t, script(refusal(403, "AccessDenied")))
	_, _, err := w.Content(t.Context(), testRef("k"), &key, 10)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			assertNoKey(t, verb, fmt.Sprintf(verb, cause))
		}
	}
	if header := requestHeaderOf(err); len(header) != 0 {
		t.Errorf("the cause keeps %d request headers", len(header))
	}
}

func TestMaxRetriesNegativeMeansOneTry(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(refusal(503, "SlowDown")), func(c *Config) { c.MaxRetries = -1 })
	if _, err := w.HeadOnly(t.Context(), testRef("k"), nil); StatusOf(err) != 503 {
		t.Error(err)
	}
	if got := len(w.ops()); got != 1 {
		t.Errorf("%d tries", got)
	}
}

func TestBackoffGrowsWithinBounds(t *testing.T) {
	t.Parallel()
	for attempt := 1; attempt < 100; attempt++ {
		full := min(backoffMax, backoffBase<<min(attempt-1, 20))
		if got := backoff(attempt, nil); got < full/2 || got > full {
			t.Errorf("attempt %d: %s is not between %s and %s", attempt, got, full/2, full)
		}
	}
}

func TestRetryAfterIsHonouredWithinReason(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"7": 7 * time.Second, "86400": retryAfterMax} {
		busy := answer{status: 429, header: map[string]string{"Retry-After": header}}
		w := newWire(t, script(busy, found(nil)))
		if _, err := w.HeadOnly(t.Context(), testRef("k"), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{want}, w.sleeps); diff != "" {
			t.Errorf("Retry-After %s: %s", header, diff)
		}
	}
}

func TestCancellationEndsTheRetries(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := newWire(t, script(refusal(503, "SlowDown")), func(c *Config) {
		c.Sleep = func(ctx context.Context, _ time.Duration) error {
			cancel()
			return ctx.Err()
		}
	})
	_, err := w.Tags(ctx, testRef("k"))
	if Classify(err) != ClassCanceled || !errors.Is(err, context.Canceled) {
		t.Errorf("class = %d: %v", Classify(err), err)
	}
	if !strings.Contains(err.Error(), "SlowDown") {
		t.Errorf("the last real error is lost: %v", err)
	}
	if got := len(w.ops()); got != 1 {
		t.Errorf("%d tries", got)
	}
}

func TestCancellationDuringARequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := newWire(t, func(_ http.ResponseWriter, req *http.Request) {
		cancel()
		<-req.Context().Done()
	})
	if _, err := w.HeadOnly(ctx, testRef("k"), nil); Classify(err) != ClassCanceled {
		t.Errorf("class = %d: %v", Classify(err), err)
	}
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(found(nil)), func(c *Config) { c.CABundle = nil })
	_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
	if Classify(err) != ClassConnection || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("class = %d: %v", Classify(err), err)
	}
	if got := len(w.ops()); got != 1 {
		t.Errorf("%d tries", got)
	}
}

func TestNobodyListeningIsAConnectionError(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(found(nil)))
	w.server.Close()
	_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
	if Classify(err) != ClassConnection || StatusOf(err) != 0 {
		t.Errorf("class = %d: %v", Classify(err), err)
	}
	if got := len(w.ops()); got != 6 {
		t.Errorf("%d tries, want 6: a server may be restarting", got)
	}
}

// failingSource is a credential source whose service is down.
type failingSource struct{ err error }

func (s failingSource) Credentials(context.Context) (credential.Credentials, error) {
	return credential.Credentials{}, s.err
}

func TestCredentialFailureIsNotRetried(t *testing.T) {
	t.Parallel()
	cause := errors.New("metadata service is down")
	for name, source := range map[string]credential.Source{
		"failing": failingSource{cause},
		"known":   failingSource{&credential.Error{Source: "role", Err: cause}},
		"empty":   credential.Static("", "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(found(nil)), func(c *Config) { c.Credentials = source })
			_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
			if Classify(err) != ClassAuthentication {
				t.Errorf("class = %d: %v", Classify(err), err)
			}
			if name != "empty" && !errors.Is(err, cause) {
				t.Errorf("the cause is lost: %v", err)
			}
			if got := len(w.ops()); got != 1 {
				t.Errorf("%d tries", got)
			}
		})
	}
}

func TestSilentConnectionIsCutAndTriedAgain(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var served atomic.Int32
	w := newWire(t, func(w http.ResponseWriter, req *http.Request) {
		if served.Add(1) == 1 {
			<-release
		}
		found(nil).ServeHTTP(w, req)
	}, func(c *Config) {
		c.IdleTimeout = 200 * time.Millisecond
		c.MaxRetries = 100 // A slow machine may cut more than the first connection.
	})
	t.Cleanup(func() { close(release) })
	if _, err := w.HeadOnly(t.Context(), testRef("k"), nil); err != nil {
		t.Fatal(err)
	}
	if got := len(w.events); got < 2 || Classify(w.events[0].Err) != ClassConnection {
		t.Errorf("%d tries, the first with %v", got, w.events[0].Err)
	}
}

func TestDamagedBundleIsRefused(t *testing.T) {
	t.Parallel()
	for name, bundle := range map[string][]byte{
		"text": []byte("not PEM"),
		"key":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
	} {
		_, err := New(Config{Credentials: credential.Static("a", "b", ""), CABundle: bundle})
		if err == nil {
			t.Errorf("%s is accepted as a CA bundle", name)
		}
	}
}

func TestTruncatedContentIsReadAgain(t *testing.T) {
	t.Parallel()
	whole := answer{status: 200, header: map[string]string{"ETag": `"e"`}, body: "0123456789"}
	var served atomic.Int32
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		if served.Add(1) > 1 {
			whole.ServeHTTP(rw, req)
			return
		}
		rw.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(rw, "01234")
		panic(http.ErrAbortHandler)
	})
	content, _, err := w.Content(t.Context(), testRef("k"), nil, 100)
	if string(content) != "0123456789" || err != nil {
		t.Errorf("content = %q, %v", content, err)
	}
	if got := len(w.ops()); got != 2 {
		t.Errorf("%d tries", got)
	}
}
