package cosapi

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerifyEncryption(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	none := EncryptionStatus{Mode: ModeNone}
	sseCOS := EncryptionStatus{Mode: ModeSSECOS, Algorithm: "AES256"}
	kmsMute := EncryptionStatus{Mode: ModeSSEKMS}
	kms := EncryptionStatus{Mode: ModeSSEKMS, KMSKeyID: "key-1"}
	ssec := EncryptionStatus{Mode: ModeSSEC, Algorithm: "AES256", CustomerKeyMD5: key.MD5()}
	otherSSEC := EncryptionStatus{Mode: ModeSSEC, Algorithm: "AES256", CustomerKeyMD5: vectorMD5}

	for name, test := range map[string]struct {
		want     Encryption
		got      EncryptionStatus
		warning  bool
		mismatch bool
	}{
		"cos-stored":            {want: SSECOS{}, got: sseCOS},
		"cos-plain":             {want: SSECOS{}, got: none, mismatch: true},
		"cos-as-kms":            {want: SSECOS{}, got: kms, mismatch: true},
		"cos-as-ssec":           {want: SSECOS{}, got: ssec, mismatch: true},
		"cos-other-algorithm":   {want: SSECOS{Algorithm: "SM4"}, got: sseCOS, warning: true},
		"cos-lower-case":        {want: SSECOS{Algorithm: "aes256"}, got: sseCOS},
		"kms-stored":            {want: SSEKMS{KeyID: "key-1"}, got: kms},
		"kms-other-case":        {want: SSEKMS{KeyID: "KEY-1"}, got: kms},
		"kms-any-key":           {want: SSEKMS{}, got: kms},
		"kms-other-key":         {want: SSEKMS{KeyID: "key-2"}, got: kms, mismatch: true},
		"kms-key-not-said":      {want: SSEKMS{KeyID: "key-1"}, got: kmsMute, mismatch: true},
		"kms-plain":             {want: SSEKMS{}, got: none, mismatch: true},
		"kms-as-cos":            {want: SSEKMS{}, got: sseCOS, mismatch: true},
		"ssec-stored":           {want: SSEC{Key: key}, got: ssec},
		"ssec-other-key":        {want: SSEC{Key: key}, got: otherSSEC, mismatch: true},
		"ssec-plain":            {want: SSEC{Key: key}, got: none, mismatch: true},
		"ssec-as-cos":           {want: SSEC{Key: key}, got: sseCOS, mismatch: true},
		"none-stored":           {want: NoEncryption{}, got: none},
		"none-bucket-encrypted": {want: NoEncryption{}, got: kms},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			warning, err := VerifyEncryption(test.want, test.got)
			var mismatch *EncryptionMismatchError
			if errors.As(err, &mismatch) != test.mismatch || (err != nil) != test.mismatch {
				t.Fatalf("error = %v, want a mismatch: %t", err, test.mismatch)
			}
			if (warning != "") != test.warning {
				t.Errorf("warning = %q, want one: %t", warning, test.warning)
			}
			if test.mismatch && mismatch.Got != test.got {
				t.Errorf("the error says %v", mismatch.Got)
			}
		})
	}
	if _, err := VerifyEncryption(nil, none); err == nil {
		t.Error("nil is accepted as an encryption")
	}
}

func TestCanonicalContext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		context map[string]string
		want    string
	}{
		"nil":     {nil, ""},
		"empty":   {map[string]string{}, ""},
		"sorted":  {map[string]string{"b": "2", "a": "1", "c": "3"}, `{"a":"1","b":"2","c":"3"}`},
		"no-html": {map[string]string{"url": "a?b&c<d>"}, `{"url":"a?b&c<d>"}`},
		"quoted":  {map[string]string{`"`: "\n"}, `{"\"":"\n"}`},
		"unicode": {map[string]string{"équipe": "财务"}, `{"équipe":"财务"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := CanonicalContext(test.context)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestContextVectorOfTheDocuments(t *testing.T) {
	t.Parallel()
	got, err := wireContext(map[string]string{"a": "asdfa", "b": "123321"})
	if want := "eyJhIjoiYXNkZmEiLCJiIjoiMTIzMzIxIn0="; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestModesOfTheSum(t *testing.T) {
	t.Parallel()
	got := []Mode{}
	for _, e := range []Encryption{NoEncryption{}, SSECOS{}, SSEKMS{}, SSEC{}} {
		got = append(got, e.Mode())
	}
	if diff := cmp.Diff([]Mode{"NONE", "SSE-COS", "SSE-KMS", "SSE-C"}, got); diff != "" {
		t.Error(diff)
	}
}
