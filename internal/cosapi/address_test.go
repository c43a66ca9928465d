package cosapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// Whatever stands in a name, no request and so no key leaves for a host that the endpoint does not
// mean.
func TestNamesThatLeadElsewhereReachNobody(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	w := newWire(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) },
		func(config *Config) { config.Endpoint = "https://{bucket}.cos.{region}.localhost:1" })
	host := w.server.Listener.Addr().String()
	good, tooLong := testRef("key"), strings.Repeat("k", 851)
	refs := map[string]ObjectRef{
		"bucket is a host": {Region: testRegion, Bucket: host + "/x", Key: "key"},
		"bucket is a user": {Region: testRegion, Bucket: "a:b@" + host + "/", Key: "key"},
		"bucket is a fragment": {
			Region: testRegion, Bucket: host + "#", Key: "key",
		},
		"region is a host":    {Region: "x@" + host + "/", Bucket: testBucket, Key: "key"},
		"region is upper":     {Region: "AP-Guangzhou", Bucket: testBucket, Key: "key"},
		"no region":           {Bucket: testBucket, Key: "key"},
		"key is the folder":   {Region: testRegion, Bucket: testBucket, Key: "."},
		"key is the parent":   {Region: testRegion, Bucket: testBucket, Key: ".."},
		"key is not UTF-8":    {Region: testRegion, Bucket: testBucket, Key: "a\xff"},
		"key is too long":     {Region: testRegion, Bucket: testBucket, Key: tooLong},
		"version has a query": {Region: testRegion, Bucket: testBucket, Key: "k", VersionID: "1&acl"},
	}
	key := mustKey(t, strings.Repeat("k1", 16))
	calls := map[string]func(ctx context.Context, ref ObjectRef) error{
		"HEAD": func(ctx context.Context, ref ObjectRef) error {
			_, err := w.Head(ctx, ref, &key)
			return err
		},
		"PUT": func(ctx context.Context, ref ObjectRef) error {
			_, err := w.Put(ctx, ref, BytesBody([]byte("x")), PutOptions{
				WriteOptions: WriteOptions{Encryption: SSEC{Key: key}},
			})
			return err
		},
		"GET": func(ctx context.Context, ref ObjectRef) error {
			body, _, err := w.Open(ctx, ref, GetOptions{Key: &key})
			if err == nil {
				_, _ = io.Copy(io.Discard, body)
			}
			return err
		},
		"copy from": func(ctx context.Context, ref ObjectRef) error {
			_, err := w.Copy(ctx, CopySource{Ref: ref, Key: &key}, good,
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			return err
		},
		"copy to": func(ctx context.Context, ref ObjectRef) error {
			_, err := w.Copy(ctx, CopySource{Ref: good, Key: &key}, ref,
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			return err
		},
		"delete": func(ctx context.Context, ref ObjectRef) error {
			_, err := w.Delete(ctx, ref)
			return err
		},
		"list": func(ctx context.Context, ref ObjectRef) error {
			_, err := w.List(ctx, ListOptions{Region: ref.Region, Bucket: ref.Bucket, Prefix: ref.Key})
			return err
		},
	}
	for name, ref := range refs {
		for call, do := range calls {
			if call == "list" && (ref.Key != "key" || ref.VersionID != "") {
				continue // A prefix may be anything that a query can hold.
			}
			before := len(w.ops())
			err := do(t.Context(), ref)
			if Classify(err) != ClassInvalid {
				t.Errorf("%s, %s: error = %v, want one that refuses the name", name, call, err)
			}
			if n := len(w.ops()) - before; n != 0 {
				t.Errorf("%s, %s: %d requests were made", name, call, n)
			}
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests reached a foreign host", n)
	}
}

// Others write keys that nobody should; they have to be looked at all the same.
func TestKeysOfOthersAreAddressed(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"/x", "\\x", "a/../b", "a/./b", "a//b", "tab\tkey", strings.Repeat("k", 850)} {
		if err := ValidateKey(key); err != nil {
			t.Errorf("ValidateKey(%q) = %v, want none", key, err)
		}
		if err := ValidateNewKey(key); (err == nil) != (len(key) == 850 || key == "a//b") {
			t.Errorf("ValidateNewKey(%q) = %v", key, err)
		}
	}
}

func TestValidateNewKey(t *testing.T) {
	t.Parallel()
	runLimits(t, ValidateNewKey, map[string]limitCase[string]{
		"plain":         {"reports/2026.csv", ""},
		"spaces":        {"a b/c", ""},
		"unicode":       {"腾讯云.txt", ""},
		"folder":        {"dir/", ""},
		"longest":       {strings.Repeat("k", 850), ""},
		"too-long":      {strings.Repeat("k", 851), "850"},
		"long-in-utf8":  {strings.Repeat("云", 284), "850"},
		"empty":         {"", "empty"},
		"slash":         {"/a", "start with"},
		"backslash":     {`\a`, "start with"},
		"control":       {"a\x18b", "control"},
		"newline":       {"a\nb", "control"},
		"delete":        {"a\x7fb", "control"},
		"invalid-utf8":  {"a\xffb", "UTF-8"},
		"dot":           {".", "must not be"},
		"dots":          {"a/../b", "segment"},
		"dots-in-name":  {"a..b/c...", ""},
		"hidden-folder": {".well-known/x", ""},
	})
}

func TestValidateBucketAndRegion(t *testing.T) {
	t.Parallel()
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		runLimits(t, ValidateBucket, map[string]limitCase[string]{
			"plain":      {"examplebucket-1250000000", ""},
			"hyphens":    {"my-bucket-1250000000", ""},
			"no-appid":   {"examplebucket", "appid"},
			"upper-case": {"Example-1250000000", "lower-case"},
			"empty":      {"", "named"},
			"hyphen":     {"-a-1250000000", "named"},
			"dot":        {"a.b-1250000000", "named"},
			"too-long":   {strings.Repeat("b", 55) + "-1250000000", "63"},
		})
	})
	t.Run("region", func(t *testing.T) {
		t.Parallel()
		runLimits(t, ValidateRegion, map[string]limitCase[string]{
			"plain":      {"ap-guangzhou", ""},
			"numbered":   {"ap-beijing-1", ""},
			"upper-case": {"AP-guangzhou", "lower-case"},
			"empty":      {"", "written"},
			"host":       {"ap-guangzhou.evil", "written"},
		})
	})
}
