package cosapi

import (
	"crypto/md5" //nolint:gosec // SSE-C identifies keys by MD5 (document 18145).
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// customerKeySize is the length of an SSE-C key in bytes (document 18145).
const customerKeySize = 32

// redacted stands in for a key wherever one would be printed.
const redacted = "(redacted)"

// CustomerKey is a raw SSE-C key. It prints as "(redacted)" under every format verb, in JSON, as
// text and in slog, also inside other structs. What identifies a key to people is its MD5.
//
// The zero value is no key. Compare keys with Equal: == compares addresses.
//
// The bytes sit behind a pointer to a string because fmt skips the methods of values in unexported
// fields. There a string or an array prints in full, a pointer to an array still does under %s and
// %q, and only a pointer to a string prints as an address under every verb.
type CustomerKey struct {
	raw *string
}

// CustomerKeyError says why a text is not an SSE-C key. It never holds the text.
type CustomerKeyError struct {
	Length int    // bytes given
	Hint   string // what is probably wrong with it, "" if nothing stands out
}

// Error implements error.
func (e *CustomerKeyError) Error() string {
	text := fmt.Sprintf("an SSE-C key is 32 bytes, or 44 characters of Base64 that encode 32 bytes; "+
		"this one has %d bytes", e.Length)
	if e.Hint == "" {
		return text
	}
	return text + " (" + e.Hint + ")"
}

// ParseCustomerKey reads a key given as 32 bytes, or as the standard Base64 (44 characters) of 32
// bytes. Nothing is trimmed: a key is not text, and a trailing newline is more often a mistake.
// The error is a *CustomerKeyError.
func ParseCustomerKey(text string) (CustomerKey, error) {
	if len(text) == customerKeySize {
		return CustomerKey{raw: &text}, nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	// Decoding skips newlines, so the length of the text is checked as well.
	if err != nil || len(decoded) != customerKeySize || len(text) != 44 {
		return CustomerKey{}, &CustomerKeyError{Length: len(text), Hint: customerKeyHint(text)}
	}
	raw := string(decoded)
	return CustomerKey{raw: &raw}, nil
}

// customerKeyHint guesses the usual mistakes without quoting any of the text.
func customerKeyHint(text string) string {
	trimmed := strings.TrimSpace(text)
	_, notHex := hex.DecodeString(trimmed)
	switch {
	case text == "":
		return "it is empty"
	case len(trimmed) != len(text) && validCustomerKey(trimmed):
		return "it has white space around it, probably a trailing newline: use chomp() or trimspace()"
	case len(trimmed) == 2*customerKeySize && notHex == nil:
		return "it looks like hexadecimal: convert it to Base64"
	case len(text) == 44 && strings.ContainsAny(text, "-_"):
		return "it looks like URL-safe Base64: use the standard alphabet"
	case len(text) == 44:
		return "it has the length of Base64 but does not encode 32 bytes"
	case len(text) == 43:
		return "it may be Base64 without its padding"
	}
	return ""
}

// validCustomerKey reports whether text is a key as it stands.
func validCustomerKey(text string) bool {
	_, err := ParseCustomerKey(text)
	return err == nil
}

// IsZero reports whether there is no key.
func (k CustomerKey) IsZero() bool { return k.raw == nil }

// Equal reports whether both are the same key.
func (k CustomerKey) Equal(other CustomerKey) bool {
	if k.raw == nil || other.raw == nil {
		return k.raw == other.raw
	}
	return *k.raw == *other.raw
}

// MD5 returns the Base64 of the MD5 of the 32 raw bytes: the form in which COS reports a key
// (document 7745). It is "" for the zero key. It identifies a random key and reveals nothing of it.
func (k CustomerKey) MD5() string {
	if k.raw == nil {
		return ""
	}
	sum := md5.Sum([]byte(*k.raw)) //nolint:gosec // See the import.
	return base64.StdEncoding.EncodeToString(sum[:])
}

// LowEntropy reports whether the key is obviously not random: fewer than 10 different bytes (a
// random key has about 30), or one half repeated. The MD5 of such a key can be guessed.
func (k CustomerKey) LowEntropy() bool {
	if k.raw == nil {
		return false
	}
	seen := map[byte]bool{}
	for i := range len(*k.raw) {
		seen[(*k.raw)[i]] = true
	}
	half := customerKeySize / 2
	return len(seen) < 10 || (*k.raw)[:half] == (*k.raw)[half:]
}

// Redactions returns every spelling of the key that a log could show: raw, Base64 and both cases
// of hexadecimal. They are for log masks ONLY.
func (k CustomerKey) Redactions() []string {
	if k.raw == nil {
		return nil
	}
	digits := hex.EncodeToString([]byte(*k.raw))
	return []string{*k.raw, k.base64(), digits, strings.ToUpper(digits)}
}

// base64 is the wire form of the key. Only encryption_headers.go sends it.
func (k CustomerKey) base64() string {
	if k.raw == nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(*k.raw))
}

// Format implements fmt.Formatter; it also covers %#v and verbs that do not exist.
func (k CustomerKey) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// String implements fmt.Stringer.
func (k CustomerKey) String() string { return redacted }

// MarshalText implements encoding.TextMarshaler, which covers JSON and XML too.
func (k CustomerKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (k CustomerKey) LogValue() slog.Value { return slog.StringValue(redacted) }
