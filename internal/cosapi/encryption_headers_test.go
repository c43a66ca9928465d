package cosapi

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// flat returns headers with one value each, under lower-case names as they are documented.
func flat(header http.Header) map[string]string {
	names := map[string]string{}
	for _, name := range []string{
		"x-cos-server-side-encryption",
		"x-cos-server-side-encryption-cos-kms-key-id",
		"x-cos-server-side-encryption-context",
		"x-cos-server-side-encryption-customer-algorithm",
		"x-cos-server-side-encryption-customer-key",
		"x-cos-server-side-encryption-customer-key-md5",
		"x-cos-copy-source-server-side-encryption-customer-algorithm",
		"x-cos-copy-source-server-side-encryption-customer-key",
		"x-cos-copy-source-server-side-encryption-customer-key-md5",
	} {
		if value := header.Get(name); value != "" {
			names[name] = value
		}
	}
	return names
}

func TestHeaderTable(t *testing.T) {
	t.Parallel()
	triple := map[string]string{
		"x-cos-server-side-encryption-customer-algorithm": "AES256",
		"x-cos-server-side-encryption-customer-key":       vectorBase64,
		"x-cos-server-side-encryption-customer-key-md5":   vectorMD5,
	}
	sourceTriple := map[string]string{
		"x-cos-copy-source-server-side-encryption-customer-algorithm": "AES256",
		"x-cos-copy-source-server-side-encryption-customer-key":       vectorBase64,
		"x-cos-copy-source-server-side-encryption-customer-key-md5":   vectorMD5,
	}
	nothing := map[string]string{}
	variants := map[string]struct {
		encryption                    Encryption
		write, read, copySource, part map[string]string
	}{
		"none": {NoEncryption{}, nothing, nothing, nothing, nothing},
		"cos": {
			SSECOS{},
			map[string]string{"x-cos-server-side-encryption": "AES256"},
			nothing, nothing, nothing,
		},
		"cos-sm4": {
			SSECOS{Algorithm: "SM4"},
			map[string]string{"x-cos-server-side-encryption": "SM4"},
			nothing, nothing, nothing,
		},
		"kms-default-key": {
			SSEKMS{},
			map[string]string{"x-cos-server-side-encryption": "cos/kms"},
			nothing, nothing, nothing,
		},
		"kms": {
			SSEKMS{KeyID: "key-1", Context: map[string]string{"a": "asdfa", "b": "123321"}},
			map[string]string{
				"x-cos-server-side-encryption":                "cos/kms",
				"x-cos-server-side-encryption-cos-kms-key-id": "key-1",
				"x-cos-server-side-encryption-context":        "eyJhIjoiYXNkZmEiLCJiIjoiMTIzMzIxIn0=",
			},
			nothing, nothing, nothing,
		},
		"ssec": {SSEC{Key: mustKey(t, vectorKey)}, triple, triple, sourceTriple, triple},
	}
	for name, variant := range variants {
		for r, want := range map[role]map[string]string{
			roleWrite: variant.write, roleRead: variant.read,
			roleCopySource: variant.copySource, rolePart: variant.part,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				header, err := encryptionHeaders(variant.encryption, r)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, flat(header)); diff != "" || len(header) != len(want) {
					t.Errorf("role %d: %s", r, diff)
				}
			})
		}
	}
}

func TestPlainStorageIsNeverSentByMistake(t *testing.T) {
	t.Parallel()
	if _, err := encryptionHeaders(nil, roleWrite); !errors.Is(err, errNilEncryption) {
		t.Errorf("nil: %v", err)
	}
	if _, err := encryptionHeaders(SSEC{}, roleWrite); !errors.Is(err, errZeroCustomerKey) {
		t.Errorf("SSE-C without a key: %v", err)
	}
	if _, err := keyHeaders(&CustomerKey{}, roleRead); !errors.Is(err, errZeroCustomerKey) {
		t.Errorf("a read with an empty key: %v", err)
	}
}

func TestEncryptionStatusOfAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header map[string]string
		want   EncryptionStatus
	}{
		"none": {nil, EncryptionStatus{Mode: ModeNone}},
		"cos": {
			map[string]string{"x-cos-server-side-encryption": "AES256"},
			EncryptionStatus{Mode: ModeSSECOS, Algorithm: "AES256"},
		},
		"cos-sm4": {
			map[string]string{"x-cos-server-side-encryption": "SM4"},
			EncryptionStatus{Mode: ModeSSECOS, Algorithm: "SM4"},
		},
		"kms": {
			map[string]string{
				"x-cos-server-side-encryption":                "cos/kms",
				"x-cos-server-side-encryption-cos-kms-key-id": "key-1",
			},
			EncryptionStatus{Mode: ModeSSEKMS, KMSKeyID: "key-1"},
		},
		"kms-without-key": {
			map[string]string{"x-cos-server-side-encryption": "cos/kms"},
			EncryptionStatus{Mode: ModeSSEKMS},
		},
		"ssec": {
			map[string]string{
				"x-cos-server-side-encryption-customer-algorithm": "AES256",
				"x-cos-server-side-encryption-customer-key-MD5":   vectorMD5,
			},
			EncryptionStatus{Mode: ModeSSEC, Algorithm: "AES256", CustomerKeyMD5: vectorMD5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			for key, value := range test.header {
				header.Set(key, value)
			}
			if got := encryptionStatus(header); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
