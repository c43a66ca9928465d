package cosapi

import (
	"errors"
	"fmt"
	"time"
)

// Error is a request that failed: what was tried on which object, and what COS answered. Status 0
// means that there was no answer; Err then says why. Branch with Classify.
type Error struct {
	Op        string    // COS's name of the operation, for example PutObject
	Ref       ObjectRef // Key is "" for operations on a bucket
	Status    int       // HTTP status; 200 for an error inside a successful answer (document 10881)
	Code      string    // COS's code (document 7730); "" if the answer had none, as with HEAD
	Message   string    // COS's text; for people only
	RequestID string
	Err       error // cause; holds no request headers
}

// Error implements error. It has no newline, no header and no credential.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s %s: %v", e.Op, e.Ref, e.Err)
	}
	text := fmt.Sprintf("%s %s: status %d", e.Op, e.Ref, e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.RequestID != "" {
		text += " (request id " + e.RequestID + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns COS's code of the first Error in err's chain, "" if there is none.
func CodeOf(err error) string {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// StatusOf returns the HTTP status of the first Error in err's chain, 0 if there is none.
func StatusOf(err error) int {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Status
	}
	return 0
}

// NotCOSError reports an answer that is not COS's, because the header is missing that COS puts into
// each of its own (Config.RequestIDHeader): a proxy's, a login page's, a gateway's. It says nothing
// about any object, whatever its status; its class is ClassNotCOS. A read that met one was
// repeated; whether a write was carried out was found out, or else it is an AmbiguousError.
type NotCOSError struct {
	Op          string
	Ref         ObjectRef
	Status      int
	Header      string // the header that is missing
	ContentType string // "" if the answer does not say
	Server      string // who says to have answered, "" for nobody

	retryAfter time.Duration
}

// Error implements error.
func (e *NotCOSError) Error() string {
	text := fmt.Sprintf("the answer is not one of COS, it has no %s: status %d", e.Header, e.Status)
	if e.ContentType != "" {
		text += fmt.Sprintf(", type %q", e.ContentType)
	}
	if e.Server != "" {
		text += fmt.Sprintf(", server %q", e.Server)
	}
	return text
}

// AmbiguousError reports a write whose answer got lost and of which a look at the object could not
// tell whether it was carried out. Nothing was repeated.
type AmbiguousError struct {
	Op  string
	Ref ObjectRef
	Err error // why the answer is missing, joined with why the look did not help
}

// Error implements error.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s %s: the answer got lost, and whether the request was carried out is "+
		"unknown: %v", e.Op, e.Ref, e.Err)
}

// Unwrap returns the cause.
func (e *AmbiguousError) Unwrap() error { return e.Err }

// EncryptionMismatchError reports an object that was written but not encrypted as asked. The
// object exists: Result is what COS says about it, and the caller decides what to do with it.
type EncryptionMismatchError struct {
	Ref    ObjectRef
	Want   EncryptionStatus // empty fields were left to COS
	Got    EncryptionStatus
	Result WriteResult
}

// Error implements error. A key appears as its MD5 only.
func (e *EncryptionMismatchError) Error() string {
	return fmt.Sprintf("%s is stored with %s where %s was asked for", e.Ref, e.Got, e.Want)
}

// String returns the mode, and what is known of the key.
func (s EncryptionStatus) String() string {
	text := string(s.Mode)
	if s.Algorithm != "" && s.Mode == ModeSSECOS {
		text += " " + s.Algorithm
	}
	if s.KMSKeyID != "" {
		text += " key " + s.KMSKeyID
	}
	if s.CustomerKeyMD5 != "" {
		text += " key MD5 " + s.CustomerKeyMD5
	}
	return text
}

// ContentChangedError reports a body that is not the one that was planned
// (PutOptions.ExpectCRC64). Nothing was replaced.
type ContentChangedError struct {
	Want, Got string // CRC64, decimal
}

// Error implements error.
func (e *ContentChangedError) Error() string {
	return fmt.Sprintf("the content has CRC64 %s where %s was expected", e.Got, e.Want)
}

// ChecksumError reports bytes that were damaged on their way: the CRC64 of what was sent or
// received differs from the one that COS reports (document 40334).
type ChecksumError struct {
	Ref         ObjectRef
	Local, COS  string // CRC64, decimal
	Part        int    // part number, 0 for the whole object
	Downloading bool   // the bytes came from COS; false: they were sent to it
	// Result is the object that COS made of the damaged bytes; nil if it made none, as of a part.
	Result *WriteResult
}

// Error implements error.
func (e *ChecksumError) Error() string {
	direction := "sent"
	if e.Downloading {
		direction = "received"
	}
	return fmt.Sprintf("%s: the bytes %s have CRC64 %s, COS reports %s",
		e.Ref, direction, e.Local, e.COS)
}

// TooLargeError reports an object that is larger than the caller wants to hold in memory.
type TooLargeError struct {
	Ref       ObjectRef
	Size, Max int64 // bytes
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s has %d bytes, more than %d", e.Ref, e.Size, e.Max)
}
