package cosapi

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	// The vector of the fact sheet: MD5 is over the raw bytes, not over the Base64.
	vectorKey    = "0123456789ABCDEF0123456789ABCDEF"
	vectorBase64 = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY="
	vectorMD5    = "U5L61r7jcwdNvT7frmUG8g=="

	// canaryKey and otherKey are random, so that finding them anywhere is no coincidence.
	canaryKey = "qZ7!vB2#kL9@xW4$mN6%tR1&yU3*pE8^"
	otherKey  = "hG5(jF0)dS7-aQ2=wE9+rT4[yI1]oP6{"
)

func mustKey(t testing.TB, text string) CustomerKey {
	t.Helper()
	key, err := ParseCustomerKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCustomerKeyForms(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"raw": vectorKey, "base64": vectorBase64} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := mustKey(t, text)
			if got := key.MD5(); got != vectorMD5 {
				t.Errorf("MD5 = %s, want %s", got, vectorMD5)
			}
			if got := key.base64(); got != vectorBase64 {
				t.Errorf("wire form = %s, want %s", got, vectorBase64)
			}
			if !key.Equal(mustKey(t, vectorKey)) || key.Equal(mustKey(t, canaryKey)) {
				t.Error("Equal does not compare the bytes")
			}
		})
	}
}

func TestCustomerKeyOfArbitraryBytes(t *testing.T) {
	t.Parallel()
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(255 - i*7)
	}
	key := mustKey(t, string(raw))
	if key.IsZero() || key.LowEntropy() {
		t.Error("a key of 32 different bytes is taken for empty or weak")
	}
	if !mustKey(t, key.base64()).Equal(key) {
		t.Error("the Base64 of the bytes is another key")
	}
}

func TestCustomerKeyErrorsNameLengthAndHint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text, hint string
		length     int
	}{
		"empty":             {"", "empty", 0},
		"short":             {canaryKey[:31], "", 31},
		"long":              {canaryKey + "x", "", 33},
		"newline":           {canaryKey + "\n", "trailing newline", 33},
		"base64-newline":    {vectorBase64 + "\n", "trailing newline", 45},
		"base64-short":      {"MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERQ==", "does not encode 32", 44},
		"base64-broken":     {"!" + vectorBase64[1:], "does not encode 32", 44},
		"base64-url-safe":   {"-" + vectorBase64[1:], "URL-safe", 44},
		"base64-no-padding": {vectorBase64[:43], "padding", 43},
		"base64-split":      {vectorBase64[:20] + "\n" + vectorBase64[20:43], "", 44},
		"hex":               {strings.Repeat("0a", 32), "hexadecimal", 64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseCustomerKey(test.text)
			var failure *CustomerKeyError
			if !errors.As(err, &failure) {
				t.Fatalf("error is %T, want *CustomerKeyError", err)
			}
			if failure.Length != test.length || !strings.Contains(failure.Hint, test.hint) {
				t.Errorf("got %+v, want length %d and a hint with %q", failure, test.length, test.hint)
			}
			if len(test.text) > 8 && strings.Contains(err.Error(), test.text[:8]) {
				t.Errorf("error quotes the key: %s", err)
			}
		})
	}
}

func TestLowEntropyKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		strings.Repeat("a", 32):            true,
		vectorKey:                          true,
		"12345678901234561234567890123456": true,
		canaryKey:                          false,
		otherKey:                           false,
	} {
		if got := mustKey(t, text).LowEntropy(); got != want {
			t.Errorf("LowEntropy of a test key with MD5 %s = %t", mustKey(t, text).MD5(), got)
		}
	}
	if (CustomerKey{}).LowEntropy() {
		t.Error("no key is reported as weak")
	}
}

// keyHolders are the values that hold a key in this package, and the shapes in which others may.
func keyHolders(key CustomerKey) map[string]any {
	type exported struct{ Key CustomerKey }
	type unexported struct{ key CustomerKey }
	type pointer struct{ key *CustomerKey }
	type nested struct{ inner unexported }
	type boxed struct{ inner any }
	return map[string]any{
		"value":         key,
		"pointer":       &key,
		"exported":      exported{key},
		"unexported":    unexported{key},
		"to-unexported": &unexported{key},
		"key-pointer":   pointer{&key},
		"nested":        nested{unexported{key}},
		"boxed":         boxed{key},
		"slice":         []CustomerKey{key},
		"map":           map[string]CustomerKey{"k": key},
		"map-key":       map[CustomerKey]bool{key: true},
		"array":         [1]unexported{{key}},
		"sum-type":      SSEC{Key: key},
		"interface":     []Encryption{SSEC{Key: key}},
		"keyring":       NewKeyring(map[string]CustomerKey{"k": key}),
		"write-options": WriteOptions{Encryption: SSEC{Key: key}},
		"copy-source":   CopySource{Key: &key},
		"get-options":   GetOptions{Key: &key},
		"restore":       RestoreOptions{Key: &key},
		"arrival":       arrival{options: WriteOptions{Encryption: SSEC{Key: key}}, before: &key},
		"error":         fmt.Errorf("wrapped: %w", &EncryptionMismatchError{Want: SSEC{key}.expected()}),
	}
}

func assertNoKey(t *testing.T, how, text string) {
	t.Helper()
	for _, secret := range mustKey(t, canaryKey).Redactions() {
		if strings.Contains(text, secret) {
			t.Errorf("%s prints the key: %s", how, text)
		}
	}
	// %x and %d spell the bytes with separators.
	for _, form := range []string{"% x", "%d", "%v", "%#v", "%q"} {
		spelled := strings.Trim(fmt.Sprintf(form, []byte(canaryKey)[:6]), "[]")
		if strings.Contains(text, spelled) {
			t.Errorf("%s prints the bytes of the key: %s", how, text)
		}
	}
}

func TestNoFormatVerbPrintsAKey(t *testing.T) {
	t.Parallel()
	verbs := []string{
		"%v", "%+v", "%#v", "%s", "%q", "%+q", "%#q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b",
		"%c", "%U", "%#U", "%t", "%e", "%g", "%p", "%T", "%w", "%z", "%10.3s", "%[1]s %[1]v", "%!",
	}
	for name, holder := range keyHolders(mustKey(t, canaryKey)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range verbs {
				assertNoKey(t, verb, fmt.Sprintf(verb, holder))
			}
			assertNoKey(t, "Sprint", fmt.Sprint(holder))
			assertNoKey(t, "Errorf", fmt.Errorf("failed: %v", holder).Error())
		})
	}
}

func TestNoEncoderOrLoggerPrintsAKey(t *testing.T) {
	t.Parallel()
	for name, holder := range keyHolders(mustKey(t, canaryKey)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(holder)
			assertNoKey(t, "JSON", fmt.Sprint(string(encoded), err))
			encoded, err = xml.Marshal(holder)
			assertNoKey(t, "XML", fmt.Sprint(string(encoded), err))
			var out bytes.Buffer
			options := &slog.HandlerOptions{Level: slog.LevelDebug}
			slog.New(slog.NewTextHandler(&out, options)).Info("m", "k", holder, slog.Any("g", holder))
			slog.New(slog.NewJSONHandler(&out, options)).Info("m", "k", holder, slog.Any("g", holder))
			assertNoKey(t, "slog", out.String())
		})
	}
}

func TestKeyPrintsAsRedacted(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	if got := fmt.Sprintf("%v %s %#v", key, key, key); got != "(redacted) (redacted) (redacted)" {
		t.Errorf("got %s", got)
	}
	encoded, err := json.Marshal(map[string]any{"k": key})
	if err != nil || string(encoded) != `{"k":"(redacted)"}` {
		t.Errorf("JSON = %s, %v", encoded, err)
	}
}

func TestRedactionsCoverEverySpelling(t *testing.T) {
	t.Parallel()
	want := []string{
		vectorKey, vectorBase64,
		"3031323334353637383941424344454630313233343536373839414243444546",
		"3031323334353637383941424344454630313233343536373839414243444546",
	}
	if diff := cmp.Diff(want, mustKey(t, vectorKey).Redactions()); diff != "" {
		t.Error(diff)
	}
	if got := (CustomerKey{}).Redactions(); got != nil {
		t.Errorf("no key has %d spellings", len(got))
	}
}

func FuzzParseCustomerKey(f *testing.F) {
	for _, text := range []string{vectorKey, vectorBase64, "", "\n", strings.Repeat("=", 44)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseCustomerKey(text)
		if (err == nil) == key.IsZero() {
			t.Fatalf("key and error disagree: %v", err)
		}
		if err == nil && len(key.Redactions()[0]) != customerKeySize {
			t.Fatal("the key has another length")
		}
	})
}
