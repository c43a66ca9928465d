package cosemu

import "fmt"

// Choices are answers that COS's documents leave open. The zero value is what is most likely; a
// client that is right works with every other one too.
type Choices struct {
	// CopyDateYields makes a copy whose source agrees with x-cos-copy-source-If-Match although its
	// If-Unmodified-Since does not hold, as other services do. COS documents the pair only for the
	// parts of a copy, without saying.
	CopyDateYields bool `json:"copy_date_yields"`
	// PreconditionsFirst judges the conditions of GET, HEAD and copies before the SSE-C key:
	// whoever has no key learns whether an ETag fits.
	PreconditionsFirst bool `json:"preconditions_first"`
	// DeleteAnswers200 answers DELETE Object with 200 in place of 204, which is what the example
	// of 7743 shows.
	DeleteAnswers200 bool `json:"delete_answers_200"`
	// PlainETags gives objects of every mode the ETag that those of SSE-COS have, the MD5 of their
	// bytes, so that encrypting an object again keeps it. COS says only that it may be another.
	PlainETags bool `json:"plain_etags"`
	// NoTaggingCount leaves x-cos-tagging-count out: whether it needs a permission, and whether
	// every region has it, is not documented.
	NoTaggingCount bool `json:"no_tagging_count"`
	// LeadingSlash stores keys that begin with a slash or a backslash. 13324 forbids them, and a
	// live test of the official Node SDK stores one.
	LeadingSlash bool `json:"leading_slash"`
	// WrongKeyStatus is the answer to a wrong SSE-C key: 403 (AccessDenied, the default) or 400
	// (SsecDecryptHeaderInvalid). COS documents neither.
	WrongKeyStatus int `json:"wrong_key_status,omitempty"`
}

func (c Choices) check() error {
	switch c.WrongKeyStatus {
	case 0, 400, 403:
		return nil
	}
	return fmt.Errorf("a wrong customer key answers 400 or 403, not %d", c.WrongKeyStatus)
}

// Choices returns those in force.
func (s *Server) Choices() Choices { return s.Settings().Choices }

// SetChoices replaces the choices for the requests to come.
func (s *Server) SetChoices(choices Choices) error {
	return s.ChangeSettings(func(settings *Settings) { settings.Choices = choices })
}
