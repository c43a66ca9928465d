package cosemutest_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/cosemu/cosemutest"
)

// log is a test that remembers what it was told.
type log struct {
	testing.TB
	dir      string
	failed   bool
	text     strings.Builder
	cleanups []func()
}

func (l *log) Helper()                         {}
func (l *log) TempDir() string                 { return l.dir }
func (l *log) Failed() bool                    { return l.failed }
func (l *log) Cleanup(f func())                { l.cleanups = append(l.cleanups, f) }
func (l *log) Logf(format string, args ...any) { fmt.Fprintf(&l.text, format+"\n", args...) }
func (l *log) Fatalf(format string, args ...any) {
	l.failed = true
	l.Logf(format, args...)
	panic(l)
}

func (l *log) end() {
	for _, f := range slices.Backward(l.cleanups) {
		f()
	}
}

func TestServerEndsWithItsTest(t *testing.T) {
	t.Parallel()
	for _, failed := range []bool{false, true} {
		inner := &log{TB: t, dir: t.TempDir(), failed: failed}
		server := cosemutest.New(inner)
		response, err := server.HTTPClient().Get(server.BucketURL() + "/secret")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("unsigned request = %d", response.StatusCode)
		}
		inner.end()
		if _, err := server.HTTPClient().Get(server.BucketURL()); err == nil {
			t.Error("it still serves")
		}
		want := ""
		if failed {
			want = "GetObject " + cosemutest.DefaultBucket + "/secret: 403 AccessDenied\n"
		}
		if got := inner.text.String(); got != want {
			t.Errorf("failed: %t: log = %q, want %q", failed, got, want)
		}
	}
}

func TestConfigurationThatCannotBeEndsTheTest(t *testing.T) {
	t.Parallel()
	inner := &log{TB: t, dir: t.TempDir()}
	defer func() {
		if recover() != inner || !strings.Contains(inner.text.String(), "name-appid") {
			t.Errorf("log = %q", inner.text.String())
		}
	}()
	cosemutest.New(inner, func(c *cosemu.Config) { c.Buckets = []string{"nonsense"} })
}

func TestEnvironment(t *testing.T) {
	server := cosemutest.New(t, func(c *cosemu.Config) {
		c.Regions = []string{"ap-beijing"}
		c.VersionedBuckets = []string{"versioned-1250000000"}
		c.Credentials = []cosemu.Credential{{SecretID: "id", SecretKey: "key", SecurityToken: "token"}}
	})
	server.Setenv()
	for name, want := range map[string]string{
		"COS_ENDPOINT": server.EndpointTemplate(), "COS_CA_BUNDLE": server.CAFile(),
		"TENCENTCLOUD_REGION": "ap-beijing", "TENCENTCLOUD_SECRET_ID": "id",
		"TENCENTCLOUD_SECRET_KEY": "key", "TENCENTCLOUD_SECURITY_TOKEN": "token",
	} {
		if got := os.Getenv(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if server.Bucket() != "versioned-1250000000" || server.Region() != "ap-beijing" ||
		!strings.HasPrefix(server.BucketURL(), "https://versioned-1250000000.cos.ap-beijing.localhost:") {
		t.Errorf("bucket = %s in %s at %s", server.Bucket(), server.Region(), server.BucketURL())
	}
	ca, err := os.ReadFile(server.CAFile())
	if err != nil || string(ca) != string(server.CACertificate()) {
		t.Errorf("CA file = %q, %v", ca, err)
	}
	for _, part := range []string{server.EndpointTemplate(), server.CAFile(), "ap-beijing"} {
		if !strings.Contains(server.ProviderHCL(), part) {
			t.Errorf("%q is not in %s", part, server.ProviderHCL())
		}
	}
}

func TestConfiguredRegionOfABucket(t *testing.T) {
	t.Parallel()
	server := cosemutest.New(t, func(c *cosemu.Config) {
		c.Regions = []string{"ap-beijing", "ap-tokyo"}
		c.Buckets = []string{"far-1250000000@ap-tokyo"}
	})
	if server.Bucket() != "far-1250000000" || server.Region() != "ap-tokyo" {
		t.Errorf("bucket = %s in %s", server.Bucket(), server.Region())
	}
}
