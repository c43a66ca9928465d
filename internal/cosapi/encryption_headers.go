package cosapi

import (
	"errors"
	"net/http"
	"strings"
)

// The encryption headers of COS (documents 7728, 7749 and 10881).
const (
	headerSSE        = "x-cos-server-side-encryption"
	headerKMSKeyID   = "x-cos-server-side-encryption-cos-kms-key-id"
	headerKMSContext = "x-cos-server-side-encryption-context"

	headerCustomerAlgorithm = "x-cos-server-side-encryption-customer-algorithm"
	headerCustomerKey       = "x-cos-server-side-encryption-customer-key"
	headerCustomerKeyMD5    = "x-cos-server-side-encryption-customer-key-MD5"

	headerSourceAlgorithm = "x-cos-copy-source-server-side-encryption-customer-algorithm"
	headerSourceKey       = "x-cos-copy-source-server-side-encryption-customer-key"
	headerSourceKeyMD5    = "x-cos-copy-source-server-side-encryption-customer-key-MD5"

	algorithmAES256 = "AES256"
	valueKMS        = "cos/kms"
)

// role is the part that an object plays in a request. The same encryption sends other headers in
// each of them.
type role int

const (
	roleWrite      role = iota // PUT Object, Initiate, the destination of a copy
	roleRead                   // GET, HEAD, restore
	roleCopySource             // the source of a copy, of a whole object or of a part
	rolePart                   // Upload Part and the destination of Upload Part - Copy
)

// headerTable says which headers an encryption sends in a role. SSE-COS and SSE-KMS headers on
// anything but a write are refused by COS (documents 7753 and 7750); the SSE-C triple is needed
// wherever the service has to encrypt or decrypt.
var headerTable = map[Mode]map[role][]string{
	ModeNone:   {},
	ModeSSECOS: {roleWrite: {headerSSE}},
	ModeSSEKMS: {roleWrite: {headerSSE, headerKMSKeyID, headerKMSContext}},
	ModeSSEC: {
		roleWrite:      {headerCustomerAlgorithm, headerCustomerKey, headerCustomerKeyMD5},
		roleRead:       {headerCustomerAlgorithm, headerCustomerKey, headerCustomerKeyMD5},
		roleCopySource: {headerSourceAlgorithm, headerSourceKey, headerSourceKeyMD5},
		rolePart:       {headerCustomerAlgorithm, headerCustomerKey, headerCustomerKeyMD5},
	},
}

// errZeroCustomerKey guards against SSEC{}: sent without a key it would store plain bytes.
var errZeroCustomerKey = errors.New("encryption is SSE-C but there is no key")

// encryptionHeaders returns what e sends in role r. The result may hold a raw key: it must not be
// kept longer than the call that it is for.
func encryptionHeaders(e Encryption, r role) (http.Header, error) {
	if e == nil {
		return nil, errNilEncryption
	}
	values, err := e.values()
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, name := range headerTable[e.Mode()][r] {
		if value := values[name]; value != "" {
			header.Set(name, value)
		}
	}
	return header, nil
}

// keyHeaders is encryptionHeaders for a key that may be absent: reads of objects that are not
// SSE-C send nothing.
func keyHeaders(key *CustomerKey, r role) (http.Header, error) {
	if key == nil {
		return http.Header{}, nil
	}
	return encryptionHeaders(SSEC{Key: *key}, r)
}

func (NoEncryption) values() (map[string]string, error) { return nil, nil }

func (e SSECOS) values() (map[string]string, error) {
	return map[string]string{headerSSE: e.algorithm()}, nil
}

func (e SSEKMS) values() (map[string]string, error) {
	context, err := wireContext(e.Context)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		headerSSE:        valueKMS,
		headerKMSKeyID:   e.KeyID,
		headerKMSContext: context,
	}, nil
}

func (e SSEC) values() (map[string]string, error) {
	if e.Key.IsZero() {
		return nil, errZeroCustomerKey
	}
	key, sum := e.Key.base64(), e.Key.MD5()
	return map[string]string{
		headerCustomerAlgorithm: algorithmAES256,
		headerCustomerKey:       key,
		headerCustomerKeyMD5:    sum,
		headerSourceAlgorithm:   algorithmAES256,
		headerSourceKey:         key,
		headerSourceKeyMD5:      sum,
	}, nil
}

// encryptionStatus reads what the headers of an answer say about encryption (document 7729). SSE-C
// is recognised by its own headers: COS does not send x-cos-server-side-encryption with it.
func encryptionStatus(header http.Header) EncryptionStatus {
	if sum := header.Get(headerCustomerKeyMD5); sum != "" {
		return EncryptionStatus{
			Mode:           ModeSSEC,
			Algorithm:      header.Get(headerCustomerAlgorithm),
			CustomerKeyMD5: sum,
		}
	}
	switch sse := header.Get(headerSSE); {
	case sse == "":
		return EncryptionStatus{Mode: ModeNone}
	case strings.EqualFold(sse, valueKMS):
		return EncryptionStatus{Mode: ModeSSEKMS, KMSKeyID: header.Get(headerKMSKeyID)}
	default:
		return EncryptionStatus{Mode: ModeSSECOS, Algorithm: sse}
	}
}
