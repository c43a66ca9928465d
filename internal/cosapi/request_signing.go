package cosapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// The window of a signature. It opens a little early because COS refuses signatures from its
// future, and clocks that are right still differ by seconds.
const (
	signatureLead     = time.Minute
	signatureLifetime = time.Hour
)

var errNoSecretID = errors.New("the secret id is empty")

// signedHeaderKey is the context key of the headers that signingTransport adds.
type signedHeaderKey struct{}

// withSignedHeader attaches headers to the one request that is made with ctx.
func withSignedHeader(ctx context.Context, header http.Header) context.Context {
	return context.WithValue(ctx, signedHeaderKey{}, header)
}

// signingTransport finishes a request of the SDK and signs it. Headers arrive through the context
// rather than through the SDK's option structs because those lack fields (KMS, the destination key
// of a copied part) and garble values (a copy source whose key has a question mark).
type signingTransport struct {
	config Config
	base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *signingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	credentials, err := t.config.Credentials.Credentials(ctx)
	if err == nil && credentials.SecretID == "" {
		// The SDK would send the request unsigned.
		err = errNoSecretID
	}
	if err != nil {
		closeBody(req)
		return nil, credentialsFailure(ctx, err)
	}
	signed := req.Clone(ctx)
	if header, ok := ctx.Value(signedHeaderKey{}).(http.Header); ok {
		for name, values := range header {
			signed.Header[name] = values
		}
	}
	cos.AddAuthorizationHeader(
		strings.TrimSpace(credentials.SecretID),
		strings.TrimSpace(credentials.SecretKey.Reveal()),
		strings.TrimSpace(credentials.Token.Reveal()),
		signed, t.window())
	return t.base.RoundTrip(signed)
}

// window returns when a signature made now is valid.
func (t *signingTransport) window() *cos.AuthTime {
	start := t.config.Now().Add(-signatureLead)
	end := start.Add(signatureLead + signatureLifetime)
	return &cos.AuthTime{
		SignStartTime: start, SignEndTime: end, KeyStartTime: start, KeyEndTime: end,
	}
}

// credentialsFailure makes any failure of a source recognisable; a cancellation stays one.
func credentialsFailure(ctx context.Context, err error) error {
	var known *credential.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &known):
		return err
	}
	return &credential.Error{Source: "the credential source", Err: err}
}

// closeBody honours the contract of http.RoundTripper for a request that is not sent.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
