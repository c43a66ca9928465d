package cosapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Mode names how an object is encrypted at rest.
type Mode string

// The modes of COS (document 18145).
const (
	ModeNone   Mode = "NONE"    // not encrypted by the server
	ModeSSECOS Mode = "SSE-COS" // a key that COS keeps
	ModeSSEKMS Mode = "SSE-KMS" // a key in Tencent Cloud KMS
	ModeSSEC   Mode = "SSE-C"   // a key that the caller sends with every request
)

// Encryption is how an object is to be stored: NoEncryption, SSECOS, SSEKMS or SSEC. The set is
// closed. Where an Encryption is required nil is an error: plain storage has to be said, because
// storing plain bytes by accident is the worst that this package could do.
//
//sumtype:decl
type Encryption interface {
	// Mode names the variant.
	Mode() Mode
	// values returns every header of the variant; the table in encryption_headers.go says which
	// of them a role sends.
	values() (map[string]string, error)
	// expected is what COS reports for an object that is stored as asked. A field that the
	// caller leaves to COS is empty.
	expected() EncryptionStatus
}

// NoEncryption asks for nothing. The bucket's default encryption, if it has one, then decides
// (document 40136): COS offers no way to ask for plain storage in such a bucket.
type NoEncryption struct{}

// SSECOS asks for encryption with a key that COS keeps.
type SSECOS struct {
	Algorithm string // AES256 or SM4; "" is AES256
}

// SSEKMS asks for encryption with a key in Tencent Cloud KMS.
type SSEKMS struct {
	// KeyID is the CMK's id in the bucket's region; "" is the key that COS made for the account.
	KeyID string
	// Context is authenticated by KMS at decryption. COS stores and never returns it.
	Context map[string]string
}

// SSEC asks for encryption with the caller's key. COS keeps a digest of the key only: without the
// key the object cannot be read.
type SSEC struct {
	Key CustomerKey
}

// Mode implements Encryption.
func (NoEncryption) Mode() Mode { return ModeNone }

// Mode implements Encryption.
func (SSECOS) Mode() Mode { return ModeSSECOS }

// Mode implements Encryption.
func (SSEKMS) Mode() Mode { return ModeSSEKMS }

// Mode implements Encryption.
func (SSEC) Mode() Mode { return ModeSSEC }

func (NoEncryption) expected() EncryptionStatus { return EncryptionStatus{Mode: ModeNone} }

func (e SSECOS) expected() EncryptionStatus {
	return EncryptionStatus{Mode: ModeSSECOS, Algorithm: e.algorithm()}
}

func (e SSEKMS) expected() EncryptionStatus {
	return EncryptionStatus{Mode: ModeSSEKMS, KMSKeyID: e.KeyID}
}

func (e SSEC) expected() EncryptionStatus {
	return EncryptionStatus{Mode: ModeSSEC, Algorithm: algorithmAES256, CustomerKeyMD5: e.Key.MD5()}
}

func (e SSECOS) algorithm() string {
	if e.Algorithm == "" {
		return algorithmAES256
	}
	return e.Algorithm
}

// EncryptionStatus is what COS reports about an object's encryption. It holds no secret.
type EncryptionStatus struct {
	Mode           Mode
	Algorithm      string // SSE-COS: AES256 or SM4; SSE-C: AES256; else ""
	KMSKeyID       string // SSE-KMS, where COS says it
	CustomerKeyMD5 string // SSE-C: Base64 of the key's MD5
}

// VerifyEncryption compares what COS reports with what was asked. The error is an
// *EncryptionMismatchError without Ref and Result. Three differences are none: a KMS key that was
// left to COS may be any; NoEncryption accepts everything, because the bucket's default may
// encrypt; and another name of the algorithm in the right mode is only a warning, because COS's
// documents do not say what it echoes for SM4.
func VerifyEncryption(want Encryption, got EncryptionStatus) (warning string, err error) {
	if want == nil {
		return "", errNilEncryption
	}
	expected := want.expected()
	if expected.Mode == ModeNone {
		return "", nil
	}
	otherKey := expected.KMSKeyID != "" && !strings.EqualFold(expected.KMSKeyID, got.KMSKeyID)
	if expected.Mode != got.Mode || otherKey || expected.CustomerKeyMD5 != got.CustomerKeyMD5 {
		return "", &EncryptionMismatchError{Want: expected, Got: got}
	}
	if !strings.EqualFold(expected.Algorithm, got.Algorithm) {
		return fmt.Sprintf("COS reports the algorithm %q where %q was asked for",
			got.Algorithm, expected.Algorithm), nil
	}
	return "", nil
}

// errNilEncryption is a mistake of the caller, not of the user.
var errNilEncryption = errors.New("encryption is not given; plain storage is NoEncryption")

// CanonicalContext returns the JSON text of a KMS encryption context that this package sends: keys
// in order, no HTML escaping, no spaces; "" for an empty context. Equal contexts have equal texts.
func CanonicalContext(context map[string]string) (string, error) {
	if len(context) == 0 {
		return "", nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// The escapes of the default, such as \u0026, would reach KMS as part of the context of
	// clients that compare texts.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(context); err != nil {
		return "", fmt.Errorf("encoding the KMS encryption context: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// wireContext is the Base64 form in which the context travels (document 14690).
func wireContext(context map[string]string) (string, error) {
	text, err := CanonicalContext(context)
	if err != nil || text == "" {
		return "", err
	}
	return base64.StdEncoding.EncodeToString([]byte(text)), nil
}
