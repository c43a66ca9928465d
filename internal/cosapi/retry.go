package cosapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

const (
	headerRequestID = "X-Cos-Request-Id"

	// Pauses double from backoffBase to backoffMax; half of each is random, so that the parts of
	// an upload, slowed down together, do not come back together.
	backoffBase = 200 * time.Millisecond
	backoffMax  = 20 * time.Second
	// retryAfterMax bounds what a server may ask for.
	retryAfterMax = time.Minute
)

// verdict is what a failed try allows.
type verdict int

const (
	verdictFinal   verdict = iota // repeating is useless or wrong
	verdictRefused                // COS did nothing; repeating is safe and may help
	verdictUnknown                // it may have been carried out
)

// refusedCodes are refusals that pass: COS says that it did nothing (document 7730).
var refusedCodes = map[string]bool{
	"SlowDown":           true,
	"KmsFreqControl":     true,
	"ServiceUnavailable": true, // also inside a 200
	"PathConflict":       true, // two writes of one key within milliseconds
	"RequestTimeout":     true, // the body came too slowly
	"UserNetworkTooSlow": true,
	"TooManyJobs":        true, // of COS Batch (document 33787)
}

// judge says whether a request may be repeated after failure, an *Error.
func judge(failure error) verdict {
	var answer *Error
	var connection *connectionError
	var foreign *NotCOSError
	switch {
	case errors.As(failure, &connection):
		return judgeConnection(connection)
	case errors.As(failure, &foreign):
		return verdictUnknown // COS may have acted before something else answered.
	case !errors.As(failure, &answer) || answer.Status == 0:
		return verdictFinal
	case refusedCodes[answer.Code],
		answer.Status == http.StatusTooManyRequests,
		answer.Status == http.StatusServiceUnavailable:
		return verdictRefused
	case answer.Status == http.StatusNotImplemented:
		return verdictFinal
	case answer.Status >= 500 || classOfCode[answer.Code] == ClassServer:
		return verdictUnknown
	}
	return verdictFinal
}

func judgeConnection(connection *connectionError) verdict {
	switch {
	case connection.permanent:
		return verdictFinal
	case connection.refused:
		return verdictRefused
	}
	return verdictUnknown
}

// backoff is the pause after the attempt-th try, at least what the server asked for.
func backoff(attempt int, failure error) time.Duration {
	pause := backoffMax
	if attempt < 8 {
		pause = min(backoffMax, backoffBase<<(attempt-1))
	}
	pause = pause/2 + rand.N(pause/2)
	return max(pause, askedFor(failure))
}

// askedFor is the pause that the server asked for, within reason.
func askedFor(failure error) time.Duration {
	var answer *cos.ErrorResponse
	var foreign *NotCOSError
	switch {
	case errors.As(failure, &answer) && answer.Response != nil:
		return retryAfter(answer.Response.Header)
	case errors.As(failure, &foreign):
		return foreign.retryAfter
	}
	return 0
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(retryAfterMax, time.Duration(min(seconds, 1<<20))*time.Second)
}

// newError translates what the SDK returned for one try. No text of the server keeps a secret.
func newError(req request, resp *cos.Response, err error, secrets *secrets) *Error {
	err = lastOfSDK(err)
	failure := &Error{Op: req.op, Ref: req.ref, Err: err}
	var foreign *NotCOSError
	var answer *cos.ErrorResponse
	switch {
	case errors.As(err, &foreign):
		failure.Err = foreign
	case errors.As(err, &answer) && answer.Code == "" && succeeded(answer.Response):
		// The SDK found neither a result nor an <Error> in the body.
		failure.Err = &connectionError{err: fmt.Errorf("%w: it is no XML", errDamagedAnswer)}
	case errors.As(err, &answer):
		cutFromAnswer(answer, secrets)
		failure.Code, failure.Message = answer.Code, answer.Message
		failure.RequestID = answer.RequestID
		failure.Err = withoutRequest(answer)
		if answer.Response != nil {
			failure.Status = answer.Response.StatusCode
			failure.RequestID = orDefault(failure.RequestID, answer.Response.Header.Get(headerRequestID))
		}
	default:
		failure.Err = asConnectionError(resp, err, secrets)
	}
	return failure
}

// cutFromAnswer cuts secrets out of what XML had encoded.
func cutFromAnswer(answer *cos.ErrorResponse, secrets *secrets) {
	for _, text := range []*string{
		&answer.Code, &answer.Message, &answer.Resource, &answer.RequestID, &answer.TraceID,
	} {
		*text = secrets.cut(*text)
	}
}

func succeeded(resp *http.Response) bool { return resp != nil && resp.StatusCode/100 == 2 }

// lastOfSDK returns the error of the last try from the SDK's list of tries, which has no Unwrap.
func lastOfSDK(err error) error {
	var list *cos.RetryError
	if errors.As(err, &list) && len(list.Errs) > 0 {
		return list.Errs[len(list.Errs)-1]
	}
	return err
}

// withoutRequest copies the SDK's error without the headers of the request: they may hold a
// customer key, and errors live long.
func withoutRequest(answer *cos.ErrorResponse) *cos.ErrorResponse {
	bare := *answer
	if answer.Response == nil {
		bare.Response = &http.Response{Header: http.Header{}}
	} else {
		bare.Response = &http.Response{
			Status: answer.Response.Status, StatusCode: answer.Response.StatusCode,
			Header: answer.Response.Header,
		}
	}
	// The SDK's Error method needs a request with a method and a URL.
	bare.Response.Request = &http.Request{URL: &url.URL{}}
	if answer.Response != nil && answer.Response.Request != nil {
		bare.Response.Request.Method = answer.Response.Request.Method
		if address := answer.Response.Request.URL; address != nil {
			bare.Response.Request.URL = address
		}
	}
	return &bare
}

// asConnectionError tells a failed connection and a damaged answer from errors of this machine,
// such as a file that cannot be read: those are final.
func asConnectionError(resp *cos.Response, err error, secrets *secrets) error {
	var transport *url.Error
	var local *bodyError
	var credentials *credential.Error
	var damaged *damagedAnswer
	var syntax *xml.SyntaxError
	answered := resp != nil && resp.Response != nil
	switch {
	case errors.As(err, &local), errors.As(err, &credentials):
		return err
	case errors.As(err, &damaged):
		return &connectionError{err: damaged}
	case errors.As(err, &transport):
		cause := transport.Err
		return &connectionError{
			err: withoutSecrets(cause, secrets), refused: notSent(cause), permanent: hopeless(cause),
		}
	case answered && errors.As(err, &syntax):
		return &connectionError{err: fmt.Errorf("%w: it is no XML", errDamagedAnswer)}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &connectionError{err: fmt.Errorf("%w: %w", errDamagedAnswer, err)}
	case answered, isContextError(err):
		// The SDK returns the context's error bare when that ended the request.
		return &connectionError{err: withoutSecrets(err, secrets)}
	}
	return err
}

// withoutSecrets is err, or its text where a server's words in it hold a secret.
func withoutSecrets(err error, secrets *secrets) error {
	if text := secrets.cut(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// isContextError reports whether err is the end of a context.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// notSent reports whether err says that no connection was made, to COS or through a proxy.
func notSent(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && (operation.Op == "dial" || operation.Op == "proxyconnect")
}

// hopeless reports whether err will be the same next time: a name that does not exist, or a
// certificate that is not trusted.
func hopeless(err error) bool {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var hostname x509.HostnameError
	var plain tls.RecordHeaderError
	return errors.As(err, &certificate) || errors.As(err, &hostname) || errors.As(err, &plain) ||
		errors.As(err, &dns) && dns.IsNotFound
}

// bodyError is a failure to read the body that is being sent, for example a file that vanished. It
// ends a request at once.
type bodyError struct{ err error }

// Error implements error.
func (e *bodyError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *bodyError) Unwrap() error { return e.err }

// joinCauses puts two errors on one line.
func joinCauses(first, second error) error { return fmt.Errorf("%w; then %w", first, second) }
