package credential

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

	transport http.RoundTripper // nil but in tests
}

var (
	errEmptyAnswer = errors.New("STS's answer has no credentials")
	errNoSTS       = errors.New("the answer is not STS's: a proxy or another service answers there")
)

// client signs with the holder's credentials.
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
	transport, err := s.roundTripper()
	if err != nil {
		return nil, err
	}
	client.WithHttpTransport(statusChecked{transport})
	return client, nil
}

func (s STS) roundTripper() (http.RoundTripper, error) {
	if s.transport != nil {
		return s.transport, nil
	}
	roots, err := TrustedRoots(s.CABundle)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy: ProxyFor, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, // one request in two hours
	}, nil
}

// statusChecked keeps the bodies of answers whose status is not 200 from the SDK, which would quote
// them in its errors, whatever they hold. STS refuses with 200; 500 and above, whoever answers
// them, is a failure of the connection, which is worth another try.
type statusChecked struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s statusChecked) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if err != nil || response.StatusCode == http.StatusOK {
		return response, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, metadataLimit))
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusInternalServerError {
		return nil, fmt.Errorf("STS answered %s", response.Status)
	}
	response.Body = http.NoBody
	return response, nil
}

// A session is an answer with temporary credentials; all kinds of roles are answered alike.
type session struct {
	credentials *sts.Credentials
	expires     int64
}

// newSession takes the parts of an answer, any of which may be missing.
func newSession[T int64 | uint64](credentials *sts.Credentials, expires *T) session {
	if expires == nil {
		return session{}
	}
	return session{credentials, int64(*expires)}
}

// ask repeats one request to STS while that may help, and returns the credentials of its answer.
func ask(ctx context.Context, request func() (session, error)) (Credentials, error) {
	var answer session
	err := tryAgain(ctx, func() (again bool, err error) {
		answer, err = request()
		return isTemporary(err), err
	})
	if err != nil {
		return Credentials{}, withoutBody(err)
	}
	held := answer.credentials
	if held == nil || held.TmpSecretId == nil || held.TmpSecretKey == nil || held.Token == nil {
		return Credentials{}, errEmptyAnswer
	}
	return Credentials{
		SecretID: *held.TmpSecretId, SecretKey: NewSecret(*held.TmpSecretKey),
		Token: NewSecret(*held.Token), Expires: time.Unix(answer.expires, 0),
	}, nil
}

// withoutBody replaces the error that the SDK makes of an answer it cannot read: it quotes it, and
// half an answer can hold a key.
func withoutBody(err error) error {
	if codeOf(err) == "ClientError.ParseJsonError" {
		return errNoSTS
	}
	return err
}

func codeOf(err error) string {
	var failure *tcerr.TencentCloudSDKError
	if !errors.As(err, &failure) {
		return ""
	}
	return failure.Code
}

// isTemporary reports whether STS may answer otherwise when asked again.
func isTemporary(err error) bool {
	code := codeOf(err)
	family, _, _ := strings.Cut(code, ".")
	return err != nil && code == "" || family == "InternalError" ||
		family == "RequestLimitExceeded" || code == "ClientError.NetworkError"
}

// isDenial reports that STS knows the caller and does not give it the role.
func isDenial(err error) bool {
	code := codeOf(err)
	return strings.HasPrefix(code, "UnauthorizedOperation") ||
		code == "AuthFailure.UnauthorizedOperation" || code == "ResourceNotFound.RoleNotFound"
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
