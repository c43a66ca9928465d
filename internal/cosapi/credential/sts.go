package credential

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerr "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	sts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sts/v20180813"
)

const (
	stsEndpoint = "https://sts.tencentcloudapi.com"
	// stsRegion is asked where no region is configured; roles are the same in all of them.
	stsRegion = "ap-guangzhou"
	// defaultSession is how long a session lives, in seconds, unless it is configured.
	defaultSession = 7200
	// stsTimeout bounds one request to STS, in seconds.
	stsTimeout = 15
)

// STS is the service that gives credentials of roles.
type STS struct {
	// Endpoint is a URL; "" is https://sts.tencentcloudapi.com. Private clouds and tests set it.
	Endpoint string
	// Region is where STS is asked; "" is ap-guangzhou.
	Region string
	// CABundle is PEM that is trusted in addition to the system's roots.
	CABundle []byte
}

// Role is a role that the holder of other credentials may assume (AssumeRole, document
// 1312/48197).
type Role struct {
	// RoleARN is demanded by STS; SessionName shows up in audit logs, 2 to 128 characters.
	RoleARN, SessionName string
	// Duration is in seconds, at most 43200; 0 is 7200.
	Duration int64
	// Policy is CAM policy JSON that narrows the session; it is URL-encoded here.
	Policy                                   string
	ExternalID, SourceIdentity, SerialNumber string
	// TokenCode is the code of an MFA device. It can be used once, so renewal fails with it.
	TokenCode Secret
}

// WebIdentity is a role that the holder of an OIDC token may assume
// (AssumeRoleWithWebIdentity).
type WebIdentity struct {
	RoleARN, SessionName, ProviderID string
	// Duration is in seconds, at most 43200; 0 is 7200.
	Duration int64
	// Token is the OIDC token. TokenFile is read, at each renewal, if Token is empty.
	Token     Secret
	TokenFile string
}

// AssumeRole takes the credentials of base to STS and returns those of a role. They
// are fetched at the first request and renewed before they expire.
func AssumeRole(base Source, service STS, role Role) Source {
	return renewed(func(ctx context.Context) (Credentials, error) {
		// A failing base describes itself; wrapping it would hide what was tried.
		holder, err := base.Credentials(ctx)
		if err != nil {
			return Credentials{}, err
		}
		credentials, err := service.assume(ctx, holder, role)
		if err != nil {
			source := fmt.Sprintf("role %s, assumed by %s", role.RoleARN, holder.SecretID)
			return Credentials{}, &Error{Source: source, Err: err}
		}
		return credentials, nil
	})
}

// AssumeRoleWithWebIdentity exchanges an OIDC token for credentials of a role; no other credentials
// are needed. They are fetched at the first request and renewed before they expire.
func AssumeRoleWithWebIdentity(service STS, identity WebIdentity) Source {
	return renewed(func(ctx context.Context) (Credentials, error) {
		credentials, err := service.exchange(ctx, identity)
		if err != nil {
			source := fmt.Sprintf("role %s with a token of provider %s",
				identity.RoleARN, identity.ProviderID)
			return Credentials{}, &Error{Source: source, Err: err}
		}
		return credentials, nil
	})
}

func (s STS) assume(
	ctx context.Context, holder Credentials, role Role,
) (Credentials, error) {
	client, err := s.client(holder)
	if err != nil {
		return Credentials{}, err
	}
	request := sts.NewAssumeRoleRequest()
	request.RoleArn, request.RoleSessionName = &role.RoleARN, &role.SessionName
	request.DurationSeconds = common.Uint64Ptr(uint64(sessionSeconds(role.Duration)))
	request.Policy = optional(url.QueryEscape(role.Policy))
	request.ExternalId = optional(role.ExternalID)
	request.SourceIdentity = optional(role.SourceIdentity)
	request.SerialNumber = optional(role.SerialNumber)
	request.TokenCode = optional(role.TokenCode.Reveal())
	var answer *sts.AssumeRoleResponse
	err = tryAgain(ctx, func() (again bool, err error) {
		answer, err = client.AssumeRoleWithContext(ctx, request)
		return isTemporary(err), err
	})
	if err != nil {
		return Credentials{}, err
	}
	if answer.Response == nil || answer.Response.ExpiredTime == nil {
		return Credentials{}, errEmptyAnswer
	}
	return sessionCredentials(answer.Response.Credentials, *answer.Response.ExpiredTime)
}

func (s STS) exchange(ctx context.Context, identity WebIdentity) (Credentials, error) {
	token, err := identity.token()
	if err != nil {
		return Credentials{}, err
	}
	client, err := s.client(Credentials{})
	if err != nil {
		return Credentials{}, err
	}
	request := sts.NewAssumeRoleWithWebIdentityRequest()
	request.RoleArn, request.RoleSessionName = &identity.RoleARN, &identity.SessionName
	request.ProviderId = optional(identity.ProviderID)
	request.WebIdentityToken = &token
	request.DurationSeconds = common.Int64Ptr(sessionSeconds(identity.Duration))
	var answer *sts.AssumeRoleWithWebIdentityResponse
	err = tryAgain(ctx, func() (again bool, err error) {
		answer, err = client.AssumeRoleWithWebIdentityWithContext(ctx, request)
		return isTemporary(err), err
	})
	if err != nil {
		return Credentials{}, err
	}
	if answer.Response == nil || answer.Response.ExpiredTime == nil {
		return Credentials{}, errEmptyAnswer
	}
	return sessionCredentials(answer.Response.Credentials, int64(*answer.Response.ExpiredTime))
}

var errEmptyAnswer = errors.New("STS's answer has no credentials")

func (w WebIdentity) token() (string, error) {
	if !w.Token.IsZero() {
		return w.Token.Reveal(), nil
	}
	content, err := os.ReadFile(w.TokenFile)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(content)), nil
}

func (s STS) client(holder Credentials) (*sts.Client, error) {
	endpoint, region := s.Endpoint, s.Region
	if endpoint == "" {
		endpoint = stsEndpoint
	}
	if region == "" {
		region = stsRegion
	}
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("the STS endpoint %q is not a URL", endpoint)
	}
	settings := profile.NewClientProfile()
	settings.HttpProfile.Scheme = address.Scheme
	settings.HttpProfile.Endpoint = address.Host + strings.TrimSuffix(address.Path, "/")
	settings.HttpProfile.ReqTimeout = stsTimeout
	settings.Language = "en-US"
	credential := common.NewTokenCredential(
		holder.SecretID, holder.SecretKey.Reveal(), holder.Token.Reveal())
	client, err := sts.NewClient(credential, region, settings)
	if err != nil {
		return nil, err
	}
	roots, err := TrustedRoots(s.CABundle)
	if err != nil {
		return nil, err
	}
	client.WithHttpTransport(&http.Transport{
		Proxy: ProxyFor, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	})
	return client, nil
}

func sessionSeconds(configured int64) int64 {
	if configured == 0 {
		return defaultSession
	}
	return configured
}

// optional is nil for "", because STS takes an empty string for a value.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func sessionCredentials(session *sts.Credentials, expires int64) (Credentials, error) {
	if session == nil || session.TmpSecretId == nil || session.TmpSecretKey == nil ||
		session.Token == nil {
		return Credentials{}, errEmptyAnswer
	}
	return Credentials{
		SecretID: *session.TmpSecretId, SecretKey: NewSecret(*session.TmpSecretKey),
		Token: NewSecret(*session.Token), Expires: time.Unix(expires, 0),
	}, nil
}

// isTemporary reports whether STS may answer otherwise when asked again.
func isTemporary(err error) bool {
	var failure *tcerr.TencentCloudSDKError
	if !errors.As(err, &failure) {
		return err != nil
	}
	code, _, _ := strings.Cut(failure.Code, ".")
	return code == "InternalError" || code == "RequestLimitExceeded" ||
		failure.Code == "ClientError.NetworkError"
}
