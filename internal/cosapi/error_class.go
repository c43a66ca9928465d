package cosapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// Class groups errors by what a caller can do about them.
type Class int

// The classes. The zero value is ClassOther.
const (
	ClassOther             Class = iota
	ClassNotFound                // no such object, version or upload; a delete marker; a bare 404
	ClassNoSuchBucket            // the bucket does not exist at this endpoint
	ClassAuthentication          // unknown or expired credentials, or a wrong signature
	ClassClock                   // this machine's clock is off by more than 15 minutes
	ClassPermission              // AccessDenied; on SSE-C objects also a wrong key
	ClassKMS                     // KMS refused, or does not know the key
	ClassThrottled               // too many requests
	ClassPrecondition            // 412: a condition of the request does not hold
	ClassExists                  // 409: forbidden to overwrite
	ClassArchived                // the object must be restored first
	ClassLocked                  // object lock protects the object
	ClassCustomerKey             // the SSE-C key is missing or wrong
	ClassNotArchived             // a restore of an object that is not archived
	ClassRestoreInProgress       // a restore that is already running
	ClassInvalid                 // the request breaks a rule of COS
	ClassServer                  // COS had an internal fault
	ClassConnection              // no answer: network, TLS, a connection that moved nothing
	ClassCanceled                // the caller cancelled, or its deadline passed
	ClassNotCOS                  // something else than COS answered: *NotCOSError
)

// classOfCode is the part of document 7730 that concerns objects.
var classOfCode = map[string]Class{
	"NoSuchKey":                  ClassNotFound,
	"NoSuchVersion":              ClassNotFound,
	"NoSuchUpload":               ClassNotFound,
	"NoSuchJob":                  ClassNotFound,
	"NoSuchCopySource":           ClassNotFound,
	"NoSuchBucket":               ClassNoSuchBucket,
	"InvalidAccessKeyId":         ClassAuthentication,
	"SignatureDoesNotMatch":      ClassAuthentication,
	"ExpiredToken":               ClassAuthentication,
	"InvalidToken":               ClassAuthentication,
	"RequestTimeTooSkewed":       ClassClock,
	codeRequestExpired:           ClassClock,
	"AccessDenied":               ClassPermission,
	"AccessForbidden":            ClassPermission,
	"KmsKeyNotExist":             ClassKMS,
	"KmsKeyDisabled":             ClassKMS,
	"KmsException":               ClassKMS,
	"KmsInternalException":       ClassKMS,
	"SlowDown":                   ClassThrottled,
	"KmsFreqControl":             ClassThrottled,
	"TooManyJobs":                ClassThrottled,
	"PreconditionFailed":         ClassPrecondition,
	"FileAlreadyExists":          ClassExists,
	"InvalidObjectState":         ClassArchived,
	"ObjectLocked":               ClassLocked,
	"SsecDecryptHeaderInvalid":   ClassCustomerKey,
	"RestoreNonArchiveObject":    ClassNotArchived,
	"RestoreAlreadyInProgress":   ClassRestoreInProgress,
	"PathConflict":               ClassThrottled,
	"InternalError":              ClassServer,
	"ServiceUnavailable":         ClassServer,
	"NotImplemented":             ClassInvalid,
	"MethodNotAllowed":           ClassInvalid,
	"NotSupportedStorageClass":   ClassInvalid,
	"BucketVersionNotOpen":       ClassInvalid,
	"BucketAccelerateNotEnabled": ClassInvalid,
}

// codeRequestExpired is printed with spaces in document 7730; on the wire the words may arrive as
// the message of an AccessDenied.
const codeRequestExpired = "Request has expired"

// classOfStatus decides for an answer without a code, or with one that is not in the table.
var classOfStatus = map[int]Class{
	http.StatusNotFound:           ClassNotFound,
	http.StatusForbidden:          ClassPermission,
	http.StatusUnauthorized:       ClassAuthentication,
	http.StatusTooManyRequests:    ClassThrottled,
	http.StatusPreconditionFailed: ClassPrecondition,
	http.StatusBadRequest:         ClassInvalid,
}

// Classify returns the class of err, ClassOther for nil and for errors that are not this
// package's. A 404 without a code, as HeadOnly returns it, is ClassNotFound although the bucket
// may be what is missing: Head tells them apart.
func Classify(err error) Class {
	var canceled *canceledError
	var foreign *NotCOSError
	var listing *ListingError
	var connection *connectionError
	var credentials *credential.Error
	var failure *Error
	switch {
	case err == nil:
		return ClassOther
	case errors.As(err, &canceled):
		return ClassCanceled
	case errors.As(err, &credentials):
		return ClassAuthentication
	case errors.As(err, &foreign):
		return ClassNotCOS
	case errors.As(err, &listing):
		return ClassServer
	case errors.As(err, &connection):
		return ClassConnection
	case errors.As(err, &failure) && failure.Status != 0:
		return classOfAnswer(failure)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ClassCanceled
	case failure != nil:
		return ClassInvalid
	}
	return ClassOther
}

func classOfAnswer(failure *Error) Class {
	if failure.Code == "AccessDenied" && failure.Message == codeRequestExpired {
		return ClassClock
	}
	if class, ok := classOfCode[failure.Code]; ok {
		return class
	}
	if class, ok := classOfStatus[failure.Status]; ok {
		return class
	}
	switch {
	case failure.Status >= 500:
		return ClassServer
	case failure.Status >= 400:
		return ClassInvalid
	}
	return ClassOther
}

// canceledError is the end of the caller's patience. It keeps the last real error, which says what
// the time was spent on.
type canceledError struct {
	ctxErr error
	last   error // nil if there was none
}

// Error implements error.
func (e *canceledError) Error() string {
	if e.last == nil {
		return e.ctxErr.Error()
	}
	return e.ctxErr.Error() + "; last error: " + e.last.Error()
}

// Unwrap returns the context's error only: a caller must not act on the code of a try that was
// going to be repeated.
func (e *canceledError) Unwrap() error { return e.ctxErr }

// connectionError is a failure without a (whole) answer. It does not unwrap, because the errors of
// a dialer that timed out claim to be context.DeadlineExceeded.
type connectionError struct {
	err error
	// refused: nothing can have reached COS, so that repeating is safe.
	refused bool
	// permanent: repeating is useless, for example an untrusted certificate.
	permanent bool
}

// Error implements error.
func (e *connectionError) Error() string { return e.err.Error() }

// KeyMayHelp reports a refusal that another SSE-C key, one where there was none, or none explains:
// COS answers 400 or 403, and its documents do not say when which.
func KeyMayHelp(err error) bool {
	switch Classify(err) {
	case ClassCustomerKey, ClassPermission, ClassInvalid:
		return true
	default:
		return false
	}
}

// IsGone reports an answer that says that an object, its version or its bucket does not exist.
func IsGone(err error) bool {
	class := Classify(err)
	return err != nil && (class == ClassNotFound || class == ClassNoSuchBucket)
}
