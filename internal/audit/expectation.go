package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Expectation is how objects have to be encrypted. An object is right if it is as Wanted, or if
// Modes and keys accept it.
type Expectation struct {
	// Wanted is what an sse block asks for; nil leaves the decision to the rest. Fields that are
	// empty may be anything.
	Wanted *cosapi.EncryptionStatus
	// Modes that are right. Without any: those of the keys that are named, and where neither keys
	// nor Wanted are, every mode but NONE.
	Modes []cosapi.Mode
	// KMSKeyIDs and KeyMD5s are the keys that are right for SSE-KMS and SSE-C; empty: any.
	KMSKeyIDs, KeyMD5s []string
}

// modes are those that are accepted beside Wanted.
func (e Expectation) modes() []cosapi.Mode {
	if len(e.Modes) > 0 {
		return e.Modes
	}
	if e.Wanted == nil {
		return []cosapi.Mode{cosapi.ModeSSECOS, cosapi.ModeSSEKMS, cosapi.ModeSSEC}
	}
	var modes []cosapi.Mode
	if len(e.KMSKeyIDs) > 0 {
		modes = append(modes, cosapi.ModeSSEKMS)
	}
	if len(e.KeyMD5s) > 0 {
		modes = append(modes, cosapi.ModeSSEC)
	}
	return modes
}

// Violation says what is wrong with an encryption, "" if nothing is.
func (e Expectation) Violation(facts cosapi.EncryptionStatus) string {
	if e.Wanted != nil && satisfies(facts, *e.Wanted) {
		return ""
	}
	modes := e.modes()
	switch {
	case slices.Contains(modes, facts.Mode):
		return e.wrongKey(facts)
	case facts.Mode == cosapi.ModeNone:
		return "it is not encrypted"
	case e.Wanted != nil && facts.Mode == e.Wanted.Mode:
		return sameModeViolation(facts.Mode)
	}
	return fmt.Sprintf("it is encrypted with %s, expected is %s", facts.Mode, e.expected(modes))
}

func (e Expectation) expected(modes []cosapi.Mode) string {
	var names []string
	if e.Wanted != nil {
		names = append(names, string(e.Wanted.Mode))
	}
	for _, mode := range modes {
		if !slices.Contains(names, string(mode)) {
			names = append(names, string(mode))
		}
	}
	return strings.Join(names, " or ")
}

func sameModeViolation(mode cosapi.Mode) string {
	if mode == cosapi.ModeSSECOS {
		return "it is encrypted with another algorithm"
	}
	return fmt.Sprintf("it is encrypted with another %s key", strings.TrimPrefix(string(mode), "SSE-"))
}

// wrongKey judges the key of an accepted mode.
func (e Expectation) wrongKey(facts cosapi.EncryptionStatus) string {
	switch {
	case facts.Mode == cosapi.ModeSSEKMS && !allows(e.KMSKeyIDs, facts.KMSKeyID):
		return "it is encrypted with another KMS key"
	case facts.Mode == cosapi.ModeSSEC && len(e.KeyMD5s) > 0 && facts.CustomerKeyMD5 == "":
		return "its SSE-C key is none of customer_keys"
	case facts.Mode == cosapi.ModeSSEC && len(e.KeyMD5s) > 0 &&
		!slices.Contains(e.KeyMD5s, facts.CustomerKeyMD5):
		return "it is encrypted with another SSE-C key"
	}
	return ""
}

// satisfies compares what COS reports with what was wanted. MD5s are compared exactly, as Base64
// has two cases.
func satisfies(facts, wanted cosapi.EncryptionStatus) bool {
	return facts.Mode == wanted.Mode &&
		(wanted.Algorithm == "" || wanted.Mode != cosapi.ModeSSECOS ||
			strings.EqualFold(facts.Algorithm, wanted.Algorithm)) &&
		(wanted.KMSKeyID == "" || strings.EqualFold(facts.KMSKeyID, wanted.KMSKeyID)) &&
		(wanted.CustomerKeyMD5 == "" || facts.CustomerKeyMD5 == wanted.CustomerKeyMD5)
}

func allows(allowed []string, value string) bool {
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(one string) bool {
		return strings.EqualFold(one, value)
	})
}
