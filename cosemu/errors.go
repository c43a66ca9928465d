package cosemu

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// apiError is an error as COS answers it.
type apiError struct {
	code    string
	message string
}

// statusOf are the statuses of the codes in use (document 7730, newest edition). A code that is
// added here needs no other table.
var statusOf = map[string]int{
	"BadDigest":                     400,
	"BucketAccelerateNotEnabled":    400,
	"EntityTooLarge":                400,
	"EntityTooSmall":                400,
	"ExpiredToken":                  400,
	"IncompleteBody":                400,
	"InvalidArgument":               400,
	"InvalidBucketName":             400,
	"InvalidCopySource":             400,
	"InvalidDigest":                 400,
	"InvalidPart":                   400,
	"InvalidPartOrder":              400,
	"InvalidRequest":                400,
	"InvalidTag":                    400,
	"InvalidRegionName":             400,
	"InvalidURI":                    400,
	"MalformedPolicy":               400,
	"KeyTooLong":                    400,
	"KmsException":                  400,
	"KmsKeyDisabled":                400,
	"KmsKeyNotExist":                400,
	"MalformedXML":                  400,
	"NotSupportedStorageClass":      400,
	"SSEHeaderNotAllowed":           400,
	"SsecDecryptHeaderInvalid":      400,
	"XAmzContentSHA256Mismatch":     400,
	"XMLSizeLimit":                  400,
	"UnexpectedContent":             400,
	"AccessDenied":                  403,
	"InvalidAccessKeyId":            403,
	"InvalidObjectState":            403,
	"RequestTimeTooSkewed":          403,
	"SignatureDoesNotMatch":         403,
	"NoSuchBucket":                  404,
	"NoSuchBucketPolicy":            404,
	"NoSuchConfiguration":           404,
	"NoSuchCORSConfiguration":       404,
	"NoSuchEncryptionConfiguration": 404,
	"NoSuchJob":                     404,
	"NoSuchKey":                     404,
	"NoSuchLifecycleConfiguration":  404,
	"NoSuchObjectLockConfiguration": 404,
	"NoSuchTagSet":                  404,
	"NoSuchUpload":                  404,
	"NoSuchVersion":                 404,
	"NoSuchWebsiteConfiguration":    404,

	"ReplicationConfigurationNotFoundError": 404,
	"MethodNotAllowed":                      405,
	"RestoreNonArchiveObject":               405,
	"BucketAlreadyExists":                   409,
	"BucketAlreadyOwnedByYou":               409,
	"BucketNotEmpty":                        409,
	"FileAlreadyExists":                     409,
	"InvalidBucketState":                    409,
	"InvalidLockedTime":                     409,
	"ObjectLocked":                          409,
	"PathConflict":                          409,
	"RestoreAlreadyInProgress":              409,
	"MissingContentLength":                  411,
	"PreconditionFailed":                    412,
	"InvalidRange":                          416,
	"InternalError":                         500,
	"KmsInternalException":                  500,
	"TooManyJobs":                           500,
	"NotImplemented":                        501,
	"KmsFreqControl":                        503,
	"ServiceUnavailable":                    503,
	"SlowDown":                              503,
}

// failure makes an apiError; the message is filled in because some clients fail on an empty one.
func failure(code, format string, args ...any) *apiError {
	return &apiError{code: code, message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apiError {
	return failure("InvalidArgument", format, args...)
}

// notStored is the answer to a change that could not be written down; nil without an error.
func notStored(err error) *apiError {
	if err == nil {
		return nil
	}
	return failure("InternalError", "The emulator could not store it: %s.", err)
}

// errorXML is the body of an error (document 7730). All five members are always filled.
type errorXML struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string   `xml:"Code"`
	Message   string   `xml:"Message"`
	Resource  string   `xml:"Resource"`
	RequestID string   `xml:"RequestId"`
	TraceID   string   `xml:"TraceId"`
}

// maxDrained is how much of a body that nobody wants is read before an error is answered.
const maxDrained = 64 << 20

// drain reads the rest of the request's body. A connection that is closed with bytes unread is
// reset, and the client may never see the answer. A client that waits for 100 Continue is better
// off with the answer at once.
func (x *exchange) drain() {
	if x.r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, x.r.Body, maxDrained)
	}
}

// fail answers with an error. The answer to a HEAD has no body, and so no code.
func (x *exchange) fail(err *apiError) {
	status, ok := statusOf[err.code]
	if !ok {
		status = http.StatusBadRequest
	}
	x.failWith(status, err)
}

// failWith is fail with a status of its own, for scripted faults.
func (x *exchange) failWith(status int, err *apiError) {
	x.drain()
	x.entry.Code = err.code
	header := x.w.Header()
	for name := range header {
		if name != headerRequestID && name != "Server" && name != "Date" &&
			name != headerDeleteMarker && name != headerVersionID {
			delete(header, name)
		}
	}
	set(header, headerTraceID, x.traceID())
	if x.r.Method == http.MethodHead || status == http.StatusNotModified {
		header.Set("Content-Length", "0")
		x.w.WriteHeader(status)
		return
	}
	body := marshalXML(x.errorBody(err))
	header.Set("Content-Type", "application/xml")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body)
}

func (x *exchange) errorBody(err *apiError) errorXML {
	return errorXML{
		Code: err.code, Message: err.message,
		Resource: x.r.Host + x.r.URL.Path, RequestID: x.requestID, TraceID: x.traceID(),
	}
}
