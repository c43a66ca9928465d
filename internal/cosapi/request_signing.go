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

var (
	errNoSecretID = errors.New("the secret id is empty")
	// errNoCall guards against requests that pass by Client.do, whose answers nobody checks.
	errNoCall = errors.New("the request was not made by Client.do")
)

// signingTransport finishes a request of the SDK, signs it, and lets only a whole answer of COS
// through. Headers arrive through the context, in a call, rather than through the SDK's option
// structs because those lack fields (KMS, the destination key of a copied part) and garble values
// (a copy source whose key has a question mark).
type signingTransport struct {
	config Config
	base   http.RoundTripper
	// spelled are the secrets of this client that no server's text may quote.
	spelled spellingCache
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
	call, known := ctx.Value(callKey{}).(*call)
	if !known {
		closeBody(req)
		return nil, errNoCall
	}
	watch := t.watch(ctx, call)
	signed := req.Clone(watch.ctx)
	for name, values := range call.header {
		signed.Header[name] = values
	}
	secretKey := strings.TrimSpace(credentials.SecretKey.Reveal())
	token := strings.TrimSpace(credentials.Token.Reveal())
	cos.AddAuthorizationHeader(
		strings.TrimSpace(credentials.SecretID), secretKey, token, signed, t.window())
	call.secrets = t.spelled.secretsOf(signed, secretKey, token)
	resp, err := t.base.RoundTrip(signed)
	if err != nil {
		return nil, watch.end(err)
	}
	resp.Body = watch.receiving(resp.Body)
	resp, err = t.receive(call, signed, resp)
	if err != nil {
		return nil, watch.end(err)
	}
	return resp, nil
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
