package cosemutest_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/cosemu/cosemutest"
)

// store is what is tested here: it keeps a secret, encrypted, and tries again when COS is busy.
func store(ctx context.Context, client *cos.Client, key, secret string) error {
	options := &cos.ObjectPutOptions{ObjectPutHeaderOptions: &cos.ObjectPutHeaderOptions{
		XCosServerSideEncryption: "AES256",
	}}
	_, err := client.Object.Put(ctx, key, strings.NewReader(secret), options)
	return err
}

// newClient is the official SDK's client, for the emulator.
func newClient(t *testing.T, server *cosemutest.Server) *cos.Client {
	t.Helper()
	address, err := url.Parse(server.BucketURL())
	if err != nil {
		t.Fatal(err)
	}
	return cos.NewClient(&cos.BaseURL{BucketURL: address}, &http.Client{
		Transport: &cos.AuthorizationTransport{
			SecretID: server.Credential().SecretID, SecretKey: server.Credential().SecretKey,
			Transport: server.HTTPClient().Transport,
		},
	})
}

// TestExample is how a test of a program that uses COS looks.
func TestExample(t *testing.T) {
	t.Parallel()
	server := cosemutest.New(t)
	busy, err := cosemu.FaultOfKind("503", "PutObject")
	if err != nil {
		t.Fatal(err)
	}
	server.AddFaults(busy) // the first upload fails

	if err := store(t.Context(), newClient(t, server), "secret.txt", "hunter2"); err != nil {
		t.Fatal(err)
	}

	stored, found := server.Inspect(server.Bucket(), "secret.txt")
	if !found || stored.SSEMode != "SSE-COS" || stored.Size != 7 {
		t.Errorf("stored: %+v, want 7 bytes with SSE-COS", stored)
	}
	if n := server.Requests("PutObject"); n != 2 {
		t.Errorf("%d uploads, want one and its repetition", n)
	}
}
