package batch

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// proofLife is how long a trial counts.
const proofLife = 30 * 24 * time.Hour

// Proof is what a trial has shown of a bucket. It holds no name of an object, and is kept by the
// caller from one run to the next.
type Proof struct {
	Class     string `json:"class"`
	Operation string `json:"operation"` // AES256, or KMS: and the key
	// Default is the bucket's default encryption at that time. Another one voids the proof.
	Default cosapi.BucketEncryption `json:"default"`
	// Metadata is the directive with which it works.
	Metadata string    `json:"metadata"`
	Kinds    []Kind    `json:"kinds"` // of keys that arrive
	At       time.Time `json:"at"`    // by COS's clock
}

// covers reports a proof that jobs may be created by.
func (p Proof) covers(class, operation string, standing cosapi.BucketEncryption, now time.Time) bool {
	return p.Class == class && p.Operation == operation && p.Default == standing &&
		now.Sub(p.At) < proofLife && slices.Contains(p.Kinds, KindPlain)
}

// RefusedError says why jobs cannot or must not do the work. The objects are as they were, but for
// those that a job had rewritten before.
type RefusedError struct {
	Reason string
	Err    error // the cause; nil where Reason says it all
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// IsRefused reports that jobs cannot do the work, so that another engine has to.
func IsRefused(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused)
}

func refused(reason string, cause error) error { return &RefusedError{Reason: reason, Err: cause} }

const operationAES256 = "AES256"

// operationOf is what a job is asked for; an error where COS Batch has no way to it.
func operationOf(wanted cosapi.EncryptionStatus) (string, error) {
	switch {
	case wanted.Mode == cosapi.ModeSSECOS && (wanted.Algorithm == "" ||
		wanted.Algorithm == operationAES256):
		return operationAES256, nil
	case wanted.Mode == cosapi.ModeSSEKMS && wanted.KMSKeyID != "":
		return "KMS:" + wanted.KMSKeyID, nil
	case wanted.Mode == cosapi.ModeSSECOS:
		return "", refused("COS Batch has no field for SSE-COS with "+wanted.Algorithm+
			" (document 33786)", nil)
	case wanted.Mode == cosapi.ModeSSEKMS:
		return "", refused("COS Batch reaches SSE-KMS only by the bucket's default encryption, which "+
			"must name the key: sse.kms.key_id is needed", nil)
	}
	return "", refused("COS Batch cannot encrypt with "+string(wanted.Mode)+" (document 32960)", nil)
}

// kmsKeyOf is the key of an operation, "" if it is another one.
func kmsKeyOf(operation string) string {
	key, _ := strings.CutPrefix(operation, "KMS:")
	if key == operation {
		return ""
	}
	return key
}
