package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

const (
	bucket = "examplebucket-1250000000"
	region = "ap-guangzhou"
	host   = bucket + ".cos." + region + ".localhost"
)

// A cloud is the emulator behind an address that every client can resolve. It signs what comes: the
// floors don't, and all of them are to pay the same.
type cloud struct {
	emulator *cosemu.Server
	server   *httptest.Server
}

func startCloud(latency time.Duration) (*cloud, error) {
	emulator, err := cosemu.New(cosemu.Config{
		Regions: []string{region}, Buckets: []string{bucket}, Latency: latency,
	})
	if err != nil {
		return nil, err
	}
	c := &cloud{emulator: emulator}
	c.server = httptest.NewTLSServer(http.HandlerFunc(c.serve))
	return c, nil
}

func (c *cloud) close() {
	c.server.Close()
	_ = c.emulator.Close()
}

func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	address := strings.TrimPrefix(c.server.URL, "https://")
	r.Host = host
	if from, ok := strings.CutPrefix(r.Header.Get("x-cos-copy-source"), address); ok {
		r.Header.Set("x-cos-copy-source", host+from)
	}
	pair := cosemu.DocumentedCredential()
	r.Header.Del("Authorization")
	r.URL.Host = host
	cos.AddAuthorizationHeader(pair.SecretID, pair.SecretKey, "", r, cos.NewAuthTime(time.Hour))
	c.emulator.ServeHTTP(w, r)
}

// trust writes the certificate that clients have to trust.
func (c *cloud) trust(file string) error {
	block := &pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw}
	return os.WriteFile(file, pem.EncodeToMemory(block), 0o644)
}

// requests counts what was asked since the last call, and by which operation.
func (c *cloud) requests() int {
	n := len(c.emulator.Journal())
	c.emulator.ResetJournal()
	return n
}
