package cosemu

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
)

// sseMode is how an object is encrypted, in the words of the journal.
type sseMode string

const (
	modeNone sseMode = "NONE"
	modeCOS  sseMode = "SSE-COS"
	modeKMS  sseMode = "SSE-KMS"
	modeC    sseMode = "SSE-C"
)

// The encryption headers (documents 7728 and 7749). The copy source has an infix of its own.
const (
	headerSSE          = "x-cos-server-side-encryption"
	headerKMSKey       = "x-cos-server-side-encryption-cos-kms-key-id"
	headerKMSContext   = "x-cos-server-side-encryption-context"
	customerPrefix     = "x-cos-server-side-encryption-customer-"
	copySourcePrefix   = "x-cos-copy-source-server-side-encryption-customer-"
	headerCustomerAlgo = customerPrefix + "algorithm"
	headerCustomerMD5  = customerPrefix + "key-MD5"
)

// sseRecord is how a version is encrypted. Of an SSE-C key only a salted digest is kept, as COS
// does (18145), and its MD5 to echo.
type sseRecord struct {
	mode      sseMode
	algorithm string
	kmsKeyID  string
	keyMAC    []byte
	keyMD5    string
}

// customerKey is an SSE-C key while a request is served.
type customerKey struct {
	raw []byte
	mac []byte
	md5 string
}

// asksForSSE reports a header that asks for SSE-COS or SSE-KMS.
func asksForSSE(header http.Header) bool {
	return header.Get(headerSSE) != "" || header.Get(headerKMSKey) != "" ||
		header.Get(headerKMSContext) != ""
}

// customerKeyOf reads a triple of SSE-C headers; nil if there is none of the three.
func (x *exchange) customerKeyOf(prefix string) (*customerKey, *apiError) {
	algorithm := x.r.Header.Get(prefix + "algorithm")
	encoded := x.r.Header.Get(prefix + "key")
	digest := x.r.Header.Get(prefix + "key-MD5")
	switch {
	case algorithm == "" && encoded == "" && digest == "":
		return nil, nil
	case !x.secure && !x.Settings().AllowPlainHTTP:
		return nil, failure("InvalidRequest",
			"Requests with server-side encryption with customer keys must use HTTPS.")
	case algorithm == "" || encoded == "" || digest == "":
		return nil, invalid("The three headers %s* go together.", prefix)
	case algorithm != "AES256":
		return nil, invalid("%salgorithm must be AES256.", prefix)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) != 32 {
		return nil, invalid("%skey must be the Base64 of 32 bytes.", prefix)
	}
	sum := md5.Sum(raw)
	if base64.StdEncoding.EncodeToString(sum[:]) != digest {
		return nil, invalid("%skey-MD5 is not the MD5 of the key.", prefix)
	}
	return &customerKey{raw: raw, mac: x.keyMAC(raw), md5: digest}, nil
}

func (s *Server) keyMAC(raw []byte) []byte {
	mac := hmac.New(sha256.New, s.salt)
	mac.Write(raw)
	return mac.Sum(nil)
}

// noteKey puts a key's fingerprint into the journal.
func (x *exchange) noteKey(key *customerKey) {
	if key != nil {
		x.entry.KeyFingerprint = hex.EncodeToString(key.mac[:8])
	}
}

// writeEncryption is the encryption that a PUT, Initiate or copy asks for; without any header the
// bucket's default decides (7728).
func (x *exchange) writeEncryption() (sseRecord, *customerKey, *apiError) {
	key, err := x.customerKeyOf(customerPrefix)
	if err != nil {
		return sseRecord{}, nil, err
	}
	x.noteKey(key)
	record, err := x.chosenEncryption(key)
	if err != nil {
		return sseRecord{}, nil, err
	}
	x.entry.SSEMode = string(record.mode)
	return record, key, nil
}

func (x *exchange) chosenEncryption(key *customerKey) (sseRecord, *apiError) {
	value := x.r.Header.Get(headerSSE)
	if key != nil {
		if asksForSSE(x.r.Header) {
			return sseRecord{}, invalid("SSE-C excludes %s.", headerSSE)
		}
		return sseRecord{
			mode: modeC, algorithm: "AES256", keyMAC: key.mac, keyMD5: key.md5,
		}, nil
	}
	if value != "cos/kms" && (x.r.Header.Get(headerKMSKey) != "" ||
		x.r.Header.Get(headerKMSContext) != "") {
		return sseRecord{}, invalid("The KMS headers need %s: cos/kms.", headerSSE)
	}
	switch value {
	case "":
		return x.defaultSSE()
	case "AES256", "SM4":
		return sseRecord{mode: modeCOS, algorithm: value}, nil
	case "cos/kms":
		return x.kmsEncryption(x.r.Header.Get(headerKMSKey))
	default:
		return sseRecord{}, invalid("The encryption %q is not supported.", value)
	}
}

// kmsEncryption checks key and context of SSE-KMS; without a key the account's default CMK is used.
func (x *exchange) kmsEncryption(id string) (sseRecord, *apiError) {
	if err := checkContext(x.r.Header.Get(headerKMSContext)); err != nil {
		return sseRecord{}, err
	}
	if id == "" {
		id = x.config.KMSKeys[0]
	}
	if err := x.checkKMSKey(id); err != nil {
		return sseRecord{}, err
	}
	return sseRecord{mode: modeKMS, algorithm: "cos/kms", kmsKeyID: id}, nil
}

func (s *Server) checkKMSKey(id string) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.kmsKeys[id] {
	case KMSKeyEnabled:
		return nil
	case KMSKeyDisabled:
		return failure("KmsKeyDisabled", "The KMS key %s is disabled.", id)
	case KMSKeyPendingDeletion:
		return failure("KmsException", "The KMS key %s is pending deletion.", id)
	case KMSKeyDenied:
		return failure("AccessDenied", "No permission to use the KMS key %s.", id)
	}
	return failure("KmsKeyNotExist", "The KMS key %s does not exist.", id)
}

// checkContext demands the Base64 of a JSON object of strings (14690).
func checkContext(encoded string) *apiError {
	if encoded == "" {
		return nil
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	var pairs map[string]string
	if err != nil || json.Unmarshal(text, &pairs) != nil || pairs == nil {
		return invalid("%s must be the Base64 of a JSON object of strings.", headerKMSContext)
	}
	return nil
}

// checkRead demands of a GET or HEAD what the version's encryption needs.
func (x *exchange) checkRead(v *version) *apiError {
	x.entry.SSEMode = string(v.sse.mode)
	if asksForSSE(x.r.Header) {
		return failure("SSEHeaderNotAllowed", "%s is not allowed here.", headerSSE)
	}
	key, err := x.customerKeyOf(customerPrefix)
	if err != nil {
		return err
	}
	x.noteKey(key)
	return x.opens(v.sse, key)
}

// opens checks a customer key, or its absence, against how something is encrypted.
func (s *Server) opens(sse sseRecord, key *customerKey) *apiError {
	switch {
	case sse.mode != modeC && key != nil:
		return failure("InvalidRequest", "The object is not encrypted with a customer key.")
	case sse.mode != modeC:
		return nil
	case key == nil:
		return failure("SsecDecryptHeaderInvalid",
			"The object is encrypted with a customer key; the key is missing.")
	case !hmac.Equal(sse.keyMAC, key.mac):
		return s.wrongKey()
	}
	return nil
}

func (s *Server) wrongKey() *apiError {
	if s.Choices().WrongKeyStatus == http.StatusBadRequest {
		return failure("SsecDecryptHeaderInvalid", "The customer key is wrong.")
	}
	return failure("AccessDenied", "Access Denied.")
}

// echo writes the response headers of an encryption (7749, 10881).
func (r sseRecord) echo(header http.Header) {
	switch r.mode {
	case modeCOS:
		set(header, headerSSE, r.algorithm)
	case modeKMS:
		set(header, headerSSE, "cos/kms")
		set(header, headerKMSKey, r.kmsKeyID)
	case modeC:
		set(header, headerCustomerAlgo, r.algorithm)
		set(header, headerCustomerMD5, r.keyMD5)
	}
}

// bodyDigest makes the ETag of a body that is sent in one piece: the MD5 of the plain bytes for
// NONE and SSE-COS, of an HMAC under the key for SSE-C (so that the same bytes and key give the
// same ETag), of random bytes as well for SSE-KMS. COS documents no formula for the last two.
type bodyDigest struct {
	md5   hash.Hash
	keyed hash.Hash
	mode  sseMode
}

func (x *exchange) newBodyDigest(sse sseRecord, key *customerKey) *bodyDigest {
	if x.Choices().PlainETags {
		return &bodyDigest{md5: md5.New(), mode: modeNone}
	}
	digest := &bodyDigest{md5: md5.New(), mode: sse.mode}
	if sse.mode == modeC && key != nil {
		digest.keyed = hmac.New(sha256.New, key.raw)
	}
	return digest
}

func (d *bodyDigest) Write(p []byte) (int, error) {
	if d.keyed != nil {
		d.keyed.Write(p)
	}
	return d.md5.Write(p)
}

// etag is the digest without quotes.
func (d *bodyDigest) etag() string {
	switch d.mode {
	case modeC:
		sum := md5.Sum(d.keyed.Sum(nil))
		return hex.EncodeToString(sum[:])
	case modeKMS:
		random := make([]byte, 16)
		_, _ = rand.Read(random)
		sum := md5.Sum(append(d.md5.Sum(nil), random...))
		return hex.EncodeToString(sum[:])
	}
	return hex.EncodeToString(d.md5.Sum(nil))
}
