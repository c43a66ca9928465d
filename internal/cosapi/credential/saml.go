package credential

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sts/v20180813"
)

// SAML is a role that the subject of a SAML assertion may assume (AssumeRoleWithSAML).
type SAML struct {
	RoleARN, SessionName string
	// PrincipalARN names the identity provider in CAM.
	PrincipalARN string
	// Assertion is Base64, as identity providers give it. It lives for minutes, so that sessions
	// cannot be renewed with it.
	Assertion Secret
	// Duration is in seconds, at most 43200; 0 is 7200.
	Duration int64
}

// AssumeRoleWithSAML exchanges an assertion for credentials of a role; no other credentials are
// needed. They are fetched at the first request.
func AssumeRoleWithSAML(service STS, subject SAML) Source {
	return renewed(func(ctx context.Context) (Credentials, error) {
		credentials, err := service.exchangeAssertion(ctx, subject)
		if err != nil {
			return Credentials{}, &Error{
				Source: fmt.Sprintf("role %s with an assertion of %s", subject.RoleARN,
					subject.PrincipalARN),
				Err: err, Advice: adviceOnAssertion(err, subject),
			}
		}
		return credentials, nil
	})
}

func (s STS) exchangeAssertion(ctx context.Context, subject SAML) (Credentials, error) {
	client, err := s.client(Credentials{})
	if err != nil {
		return Credentials{}, err
	}
	request := sts.NewAssumeRoleWithSAMLRequest()
	request.SetSkipSign(true)
	request.RoleArn, request.RoleSessionName = &subject.RoleARN, &subject.SessionName
	request.PrincipalArn = &subject.PrincipalARN
	request.SAMLAssertion = optional(subject.Assertion.Reveal())
	request.DurationSeconds = common.Uint64Ptr(uint64(sessionSeconds(subject.Duration)))
	return ask(ctx, func() (session, error) {
		answer, err := client.AssumeRoleWithSAMLWithContext(ctx, request)
		if err != nil || answer.Response == nil {
			return session{}, err
		}
		return newSession(answer.Response.Credentials, answer.Response.ExpiredTime), nil
	})
}

// adviceOnAssertion tells why STS may have refused, after it did.
func adviceOnAssertion(err error, subject SAML) string {
	if codeOf(err) == "" {
		return ""
	}
	if expired, ok := assertionExpiry(subject.Assertion); ok && !time.Now().Before(expired) {
		return fmt.Sprintf("The SAML assertion expired at %s; sign in again for a new one.",
			expired.UTC().Format(time.RFC3339))
	}
	if isDenial(err) {
		return fmt.Sprintf("The role's trust policy has to name the identity provider %s with the "+
			"permission sts:AssumeRoleWithSAML.", subject.PrincipalARN)
	}
	return ""
}

// assertionExpiry is the earliest NotOnOrAfter of an assertion that is not encrypted.
func assertionExpiry(assertion Secret) (earliest time.Time, ok bool) {
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(assertion.Reveal()))
	if err != nil {
		return time.Time{}, false
	}
	decoder := xml.NewDecoder(strings.NewReader(string(text)))
	for {
		token, err := decoder.Token()
		if err != nil {
			return earliest, ok
		}
		start, isStart := token.(xml.StartElement)
		if !isStart {
			continue
		}
		for _, attribute := range start.Attr {
			at, err := time.Parse(time.RFC3339, attribute.Value)
			if attribute.Name.Local != "NotOnOrAfter" || err != nil {
				continue
			}
			if !ok || at.Before(earliest) {
				earliest, ok = at, true
			}
		}
	}
}
