package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/tencentyun/cos-go-sdk-v5"
)

// otherClient is somebody else who works with the bucket: COS's official SDK, without any of this
// repository's client code.
type otherClient struct{ sdk *cos.Client }

func newOtherClient(cloud *emulator, sc *scenario) (*otherClient, error) {
	endpoint, err := url.Parse(strings.ReplaceAll(cloud.endpoint, "{bucket}", bucket))
	if err != nil {
		return nil, fmt.Errorf("the emulator's endpoint: %w", err)
	}
	ca, err := os.ReadFile(cloud.caFile)
	if err != nil {
		return nil, fmt.Errorf("reading the emulator's CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s has no certificate", cloud.caFile)
	}
	// Not every resolver knows names under .localhost.
	address := net.JoinHostPort("127.0.0.1", endpoint.Port())
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
		DisableKeepAlives: true,
	}
	return &otherClient{sdk: cos.NewClient(&cos.BaseURL{BucketURL: endpoint},
		&http.Client{Transport: &cos.AuthorizationTransport{
			SecretID: sc.secretID, SecretKey: sc.secretKey, Transport: transport,
		}})}, nil
}

// stripEncryption copies an object onto itself and asks for no encryption. That is all it takes:
// a copy keeps nothing of the source's encryption.
func (o *otherClient) stripEncryption(ctx context.Context, key string) error {
	head, err := o.sdk.Object.Head(ctx, key, nil)
	if err != nil {
		return fmt.Errorf("another client's HEAD: %w", err)
	}
	source := fmt.Sprintf("%s.cos.%s.myqcloud.com/%s", bucket, region, key)
	_, _, err = o.sdk.Object.Copy(ctx, key, source, &cos.ObjectCopyOptions{
		ObjectCopyHeaderOptions: &cos.ObjectCopyHeaderOptions{
			XCosMetadataDirective: "Replaced", ContentType: head.Header.Get("Content-Type"),
		},
	})
	if err != nil {
		return fmt.Errorf("another client's copy: %w", err)
	}
	return nil
}

// encryptionHeader is what COS tells any client about an object's encryption; "" is none.
func (o *otherClient) encryptionHeader(ctx context.Context, key string) (string, error) {
	head, err := o.sdk.Object.Head(ctx, key, nil)
	if err != nil {
		return "", fmt.Errorf("another client's HEAD: %w", err)
	}
	return head.Header.Get("x-cos-server-side-encryption"), nil
}

// read returns an SSE-C object's bytes, or none if COS refuses the key.
func (o *otherClient) read(
	ctx context.Context, key string, customer customerKey,
) ([]byte, error) {
	resp, err := o.sdk.Object.Get(ctx, key, &cos.ObjectGetOptions{
		XCosSSECustomerAglo: "AES256", XCosSSECustomerKey: customer.base64(),
		XCosSSECustomerKeyMD5: customer.md5(),
	})
	if refusal, ok := errors.AsType[*cos.ErrorResponse](err); ok &&
		refusal.Response.StatusCode == http.StatusForbidden {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("another client's GET: %w", err)
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// objects counts what is in the bucket.
func (o *otherClient) objects(ctx context.Context) (int, error) {
	listing, _, err := o.sdk.Bucket.Get(ctx, &cos.BucketGetOptions{})
	if err != nil {
		return 0, fmt.Errorf("another client's listing: %w", err)
	}
	return len(listing.Contents), nil
}
