package credential

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands in for a secret wherever one would be printed.
const redacted = "(redacted)"

// Secret is a text that must not be printed: a secret key or a session token. It prints as
// "(redacted)" under every format verb, in JSON, as text and in slog. For SSE-C keys use
// CustomerKey, which also checks them.
//
// The text sits behind a pointer because fmt skips the methods of values in unexported fields: a
// plain string would then print in full, a pointer prints as an address.
type Secret struct {
	text *string
}

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text. Use it only to sign or send a request, or to build a log mask.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no text.
func (s Secret) IsZero() bool { return s.text == nil || *s.text == "" }

// Equal reports whether both hold the same text.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// Format implements fmt.Formatter; it also covers %#v and verbs that do not exist.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// MarshalText implements encoding.TextMarshaler, which covers JSON and XML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
