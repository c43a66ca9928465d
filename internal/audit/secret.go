package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// Secret is the random key under which a ledger is written. Who has it can forge a proof, so it
// lives where only the provider writes, and not beside the ledger. It prints redacted.
type Secret struct {
	// A pointer, because fmt prints the bytes of an unexported array in full.
	raw *string
}

const secretSize = 32

var errNoSecret = errors.New("the ledger's key is not the Base64 of 32 bytes")

// NewSecret makes a random secret.
func NewSecret() Secret {
	var raw [secretSize]byte
	_, _ = rand.Read(raw[:]) // never fails: it ends the process instead
	text := string(raw[:])
	return Secret{raw: &text}
}

// ParseSecret reads what Reveal wrote.
func ParseSecret(text string) (Secret, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != secretSize {
		return Secret{}, errNoSecret
	}
	whole := string(raw)
	return Secret{raw: &whole}, nil
}

// IsZero reports a secret that was never made.
func (s Secret) IsZero() bool { return s.raw == nil }

// Reveal returns the secret as text, to be stored.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(*s.raw))
}

// derive makes a key for one purpose.
func (s Secret) derive(purpose string) []byte {
	mac := hmac.New(sha256.New, []byte(*s.raw))
	mac.Write([]byte("cos encryption ledger 1: " + purpose))
	return mac.Sum(nil)
}

// folder is where the ledgers under this secret lie: whoever shares an evidence bucket must not
// take away each other's.
func (s Secret) folder() string { return hex.EncodeToString(s.derive("folder")[:8]) }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(ledger key)")) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte("(ledger key)"), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue("(ledger key)") }
