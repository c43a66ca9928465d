package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// requestHeaderOf returns the request headers that the SDK's error in the chain still holds.
func requestHeaderOf(err error) http.Header {
	var answer *cos.ErrorResponse
	if !errors.As(err, &answer) || answer.Response.Request == nil {
		return nil
	}
	return answer.Response.Request.Header
}

func TestClassify(t *testing.T) {
	t.Parallel()
	timedOut := &connectionError{err: context.DeadlineExceeded}
	answered := func(status int, code string) error { return &Error{Status: status, Code: code} }
	for name, test := range map[string]struct {
		err  error
		want Class
	}{
		"nil":              {nil, ClassOther},
		"foreign":          {os.ErrNotExist, ClassOther},
		"no-such-key":      {answered(404, "NoSuchKey"), ClassNotFound},
		"no-such-version":  {answered(404, "NoSuchVersion"), ClassNotFound},
		"old-version-code": {answered(400, "NoSuchVersion"), ClassNotFound},
		"bare-404":         {answered(404, ""), ClassNotFound},
		"no-such-bucket":   {answered(404, "NoSuchBucket"), ClassNoSuchBucket},
		"unknown-key-id":   {answered(403, "InvalidAccessKeyId"), ClassAuthentication},
		"signature":        {answered(403, "SignatureDoesNotMatch"), ClassAuthentication},
		"expired-token":    {answered(400, "ExpiredToken"), ClassAuthentication},
		"credentials":      {&Error{Err: &credential.Error{Source: "role"}}, ClassAuthentication},
		"skew":             {answered(403, "RequestTimeTooSkewed"), ClassClock},
		"expired-code":     {answered(403, "Request has expired"), ClassClock},
		"denied":           {answered(403, "AccessDenied"), ClassPermission},
		"bare-403":         {answered(403, ""), ClassPermission},
		"kms-missing":      {answered(400, "KmsKeyNotExist"), ClassKMS},
		"kms-disabled":     {answered(400, "KmsKeyDisabled"), ClassKMS},
		"kms-internal":     {answered(500, "KmsInternalException"), ClassKMS},
		"kms-busy":         {answered(503, "KmsFreqControl"), ClassThrottled},
		"slow-down":        {answered(503, "SlowDown"), ClassThrottled},
		"429":              {answered(429, ""), ClassThrottled},
		"precondition":     {answered(412, "PreconditionFailed"), ClassPrecondition},
		"bare-412":         {answered(412, ""), ClassPrecondition},
		"exists":           {answered(409, "FileAlreadyExists"), ClassExists},
		"archived":         {answered(403, "InvalidObjectState"), ClassArchived},
		"archived-409":     {answered(409, "InvalidObjectState"), ClassArchived},
		"locked":           {answered(409, "ObjectLocked"), ClassLocked},
		"customer-key":     {answered(400, "SsecDecryptHeaderInvalid"), ClassCustomerKey},
		"not-archived":     {answered(405, "RestoreNonArchiveObject"), ClassNotArchived},
		"restoring":        {answered(409, "RestoreAlreadyInProgress"), ClassRestoreInProgress},
		"argument":         {answered(400, "InvalidArgument"), ClassInvalid},
		"conflict":         {answered(409, "BucketLocked"), ClassInvalid},
		"internal":         {answered(500, "InternalError"), ClassServer},
		"internal-in-200":  {answered(200, "InternalError"), ClassServer},
		"gateway":          {answered(502, ""), ClassServer},
		"redirect":         {answered(301, "PermanentRedirect"), ClassOther},
		"connection":       {&Error{Err: timedOut}, ClassConnection},
		"canceled":         {&Error{Err: &canceledError{ctxErr: context.Canceled}}, ClassCanceled},
		"deadline":         {context.DeadlineExceeded, ClassCanceled},
		"refused-locally":  {&Error{Err: errNoKey}, ClassInvalid},
		"wrapped":          {fmt.Errorf("copying: %w", answered(404, "NoSuchKey")), ClassNotFound},
		"ambiguous":        {&AmbiguousError{Err: answered(500, "InternalError")}, ClassServer},
		"canceled-after-503": {
			&Error{Err: &canceledError{context.Canceled, answered(503, "SlowDown")}}, ClassCanceled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Classify(test.err); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestExpiredSignatureIsAClockErrorByItsMessage(t *testing.T) {
	t.Parallel()
	err := &Error{Status: 403, Code: "AccessDenied", Message: "Request has expired"}
	if got := Classify(err); got != ClassClock {
		t.Errorf("got %d", got)
	}
}

func TestCodeAndStatusThroughWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("a: %w", &AmbiguousError{Err: &Error{Status: 500, Code: "InternalError"}})
	if CodeOf(err) != "InternalError" || StatusOf(err) != 500 {
		t.Errorf("code %q, status %d", CodeOf(err), StatusOf(err))
	}
	if CodeOf(os.ErrNotExist) != "" || StatusOf(nil) != 0 {
		t.Error("a foreign error has a code")
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	ref := testRef("k")
	for _, test := range []struct {
		err  error
		want string
	}{
		{
			&Error{Op: "PutObject", Ref: ref, Err: os.ErrNotExist},
			"PutObject examplebucket-1250000000/k: file does not exist",
		},
		{
			&Error{Op: "HeadObject", Ref: ref, Status: 403},
			"HeadObject examplebucket-1250000000/k: status 403",
		},
		{
			&EncryptionMismatchError{
				Ref: ref, Want: SSEKMS{KeyID: "key-1"}.expected(), Got: EncryptionStatus{Mode: ModeNone},
			},
			"examplebucket-1250000000/k is stored with NONE where SSE-KMS key key-1 was asked for",
		},
		{
			&ChecksumError{Ref: ref, Local: "1", COS: "2"},
			"examplebucket-1250000000/k: the bytes sent have CRC64 1, COS reports 2",
		},
		{
			&TooLargeError{Ref: ref, Size: 11, Max: 10},
			"examplebucket-1250000000/k has 11 bytes, more than 10",
		},
		{
			&ContentChangedError{Want: "1", Got: "2"},
			"the content has CRC64 2 where 1 was expected",
		},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
