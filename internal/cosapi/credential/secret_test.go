package credential

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// holder keeps a secret where fmt does not call its methods.
type holder struct {
	Exported   Secret
	unexported Secret
	pointer    *Secret
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const canary = "canary-secret"
	secret := NewSecret(canary)
	values := []any{
		secret, &secret,
		holder{secret, secret, &secret},
		&holder{secret, secret, &secret},
		[]Secret{secret},
		map[string]Secret{"k": secret},
		Credentials{SecretID: "AKID", SecretKey: secret, Token: secret},
	}
	for _, value := range values {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %t %e %p %c %U") {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, canary) ||
				strings.Contains(text, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s of %T shows the secret: %s", verb, value, text)
			}
		}
		text, err := json.Marshal(value)
		if err != nil || strings.Contains(string(text), canary) {
			t.Errorf("JSON of %T = %s, error %v", value, text, err)
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		if strings.Contains(log.String(), canary) {
			t.Errorf("slog of %T shows the secret: %s", value, log.String())
		}
	}
}

func TestSecretZeroAndEqual(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		secret Secret
		zero   bool
		equal  bool
	}{
		"zero value": {Secret{}, true, false},
		"empty":      {NewSecret(""), true, false},
		"same text":  {NewSecret("a"), false, true},
		"other text": {NewSecret("b"), false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.secret.IsZero(); got != tt.zero {
				t.Errorf("IsZero = %v, want %v", got, tt.zero)
			}
			if got := tt.secret.Equal(NewSecret("a")); got != tt.equal {
				t.Errorf("Equal = %v, want %v", got, tt.equal)
			}
		})
	}
}
