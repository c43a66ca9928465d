package credential

import (
	"fmt"
	"strings"
)

// Error reports that a [Source] has no usable credentials. The request that wanted them was not
// made. It is not worth retrying: sources repeat what is worth repeating.
type Error struct {
	// Source is where the credentials were to come from, for example a file or a role.
	Source string
	// Tried lists what was looked at in vain, in order, when no source was chosen explicitly.
	Tried []string
	// Err is the cause; nil if there was just nothing to find.
	Err error
	// Advice says in whole sentences what to do, where the cause does not.
	Advice string
}

// Error implements error. It never contains a credential.
func (e *Error) Error() string {
	if len(e.Tried) > 0 {
		return "no credentials found; tried: " + strings.Join(e.Tried, "; ")
	}
	text := fmt.Sprintf("no credentials from %s: %v", e.Source, e.Err)
	if e.Advice != "" {
		text += ". " + e.Advice
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
