package credential

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sts/v20180813"
)

// defaultProviderID is the identity provider that STS is told of where none is configured, as the
// official provider does.
const defaultProviderID = "OIDC"

// WebIdentity is a role that the holder of an OIDC token may assume
// (AssumeRoleWithWebIdentity).
type WebIdentity struct {
	// RoleARN is the role. RoleARNFile, JSON with role_arn, is read, at each renewal, if RoleARN is
	// empty.
	RoleARN, RoleARNFile string
	SessionName          string
	// ProviderID is the identity provider in CAM; "" is OIDC.
	ProviderID string
	// Duration is in seconds, at most 43200; 0 is 7200.
	Duration int64
	// Token is the OIDC token. TokenFile is read, at each renewal, if Token is empty: the token
	// itself, or JSON with web_identity_token.
	Token     Secret
	TokenFile string
}

// AssumeRoleWithWebIdentity exchanges an OIDC token for credentials of a role; no other credentials
// are needed. They are fetched at the first request and renewed before they expire.
func AssumeRoleWithWebIdentity(service STS, identity WebIdentity) Source {
	if identity.ProviderID == "" {
		identity.ProviderID = defaultProviderID
	}
	return renewed(func(ctx context.Context) (Credentials, error) {
		return service.exchange(ctx, identity)
	})
}

func (s STS) exchange(ctx context.Context, identity WebIdentity) (Credentials, error) {
	role, token, err := identity.read()
	var credentials Credentials
	if err == nil {
		credentials, err = s.exchangeToken(ctx, identity, role, token)
	}
	if err != nil {
		return Credentials{}, &Error{
			Source: fmt.Sprintf("role %s with a token of provider %s", role, identity.ProviderID),
			Err:    err, Advice: adviceOnToken(err, identity.ProviderID, token),
		}
	}
	return credentials, nil
}

func (s STS) exchangeToken(
	ctx context.Context, identity WebIdentity, role string, token Secret,
) (Credentials, error) {
	client, err := s.client(Credentials{})
	if err != nil {
		return Credentials{}, err
	}
	request := sts.NewAssumeRoleWithWebIdentityRequest()
	request.RoleArn, request.RoleSessionName = &role, &identity.SessionName
	request.ProviderId = optional(identity.ProviderID)
	request.WebIdentityToken = optional(token.Reveal())
	request.DurationSeconds = common.Int64Ptr(sessionSeconds(identity.Duration))
	return ask(ctx, func() (session, error) {
		answer, err := client.AssumeRoleWithWebIdentityWithContext(ctx, request)
		if err != nil || answer.Response == nil {
			return session{}, err
		}
		return newSession(answer.Response.Credentials, answer.Response.ExpiredTime), nil
	})
}

// read returns the role and the token, from files where they are in files. The role is named in
// errors, so that it falls back to its file's name.
func (w WebIdentity) read() (role string, token Secret, err error) {
	role = w.RoleARN
	if role == "" {
		if role, err = memberOfFile(w.RoleARNFile, "role_arn"); err != nil {
			return "in " + w.RoleARNFile, Secret{}, err
		}
	}
	if !w.Token.IsZero() {
		return role, w.Token, nil
	}
	content, err := os.ReadFile(w.TokenFile)
	if err != nil {
		return role, Secret{}, err
	}
	text := strings.TrimSpace(string(content))
	if strings.HasPrefix(text, "{") {
		text, err = memberOfFile(w.TokenFile, "web_identity_token")
	}
	return role, NewSecret(text), err
}

// memberOfFile returns a text of a JSON object. Its errors do not quote the file.
func memberOfFile(file, name string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var members map[string]any
	if json.Unmarshal(content, &members) != nil {
		return "", fmt.Errorf("the file %s is not a JSON object", file)
	}
	text, _ := members[name].(string)
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("the file %s lacks %s", file, name)
	}
	return text, nil
}

// adviceOnToken tells why STS may have refused. That a token has expired is said only after it was
// refused: it is STS's clock that counts.
func adviceOnToken(err error, provider string, token Secret) string {
	if codeOf(err) == "" {
		return ""
	}
	if expired, ok := jwtExpiry(token); ok && !time.Now().Before(expired) {
		return fmt.Sprintf("The token expired at %s; have a new one issued.",
			expired.UTC().Format(time.RFC3339))
	}
	if isDenial(err) {
		return fmt.Sprintf("The role's trust policy has to name the identity provider %s with the "+
			"permission sts:AssumeRoleWithWebIdentity, and its conditions have to fit the token.",
			provider)
	}
	return ""
}

// jwtExpiry reads the claim exp of a JSON web token, whose middle part is readable by anybody.
func jwtExpiry(token Secret) (time.Time, bool) {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		Expires float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Expires == 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(claims.Expires), 0), true
}
