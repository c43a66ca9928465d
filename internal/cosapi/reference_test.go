package cosapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjectRefString(t *testing.T) {
	t.Parallel()
	ref := ObjectRef{Region: "ap-guangzhou", Bucket: "b-1250000000", Key: "dir/a b"}
	if got := ref.String(); got != "b-1250000000/dir/a b" {
		t.Error(got)
	}
	ref.VersionID = "MTg0"
	if got := ref.String(); got != "b-1250000000/dir/a b?versionId=MTg0" {
		t.Error(got)
	}
	if got := (ObjectRef{Bucket: "b-1250000000"}).String(); got != "b-1250000000" {
		t.Errorf("String = %q, want the bucket alone", got)
	}
	if got := ref.Current().VersionID; got != "" {
		t.Error(got)
	}
}

func TestParseObjectURL(t *testing.T) {
	t.Parallel()
	want := ObjectRef{Region: "ap-guangzhou", Bucket: "b-1250000000", Key: "dir/a b+c"}
	version := want
	version.VersionID = "MTg0"
	for name, test := range map[string]struct {
		url  string
		want ObjectRef
	}{
		"canonical": {"https://b-1250000000.cos.ap-guangzhou.myqcloud.com/dir/a%20b+c", want},
		"version": {
			"https://b-1250000000.cos.ap-guangzhou.myqcloud.com/dir/a%20b%2Bc?versionId=MTg0", version,
		},
		"new-domain": {"https://b-1250000000.cos.ap-guangzhou.tencentcos.cn/dir/a%20b%2Bc", want},
		"internal":   {"https://b-1250000000.cos-internal.ap-guangzhou.tencentcos.cn/dir/a%20b+c", want},
		"coscli":     {"cos://b-1250000000/dir/a b+c", ObjectRef{Bucket: "b-1250000000", Key: "dir/a b+c"}},
		"coscli-raw": {"cos://b-1250000000/a%20?x=1#y", ObjectRef{Bucket: "b-1250000000", Key: "a%20?x=1#y"}},
		"host-case":  {"https://B-1250000000.cos.AP-guangzhou.MyQCloud.com/dir/a%20b+c", want},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseObjectURL(test.url)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestParseObjectURLRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ url, want string }{
		"not-a-url":       {"https://a b\x00", "not a URL"},
		"no-scheme":       {"b-1250000000.cos.ap-guangzhou.myqcloud.com/key", "https://"},
		"other-host":      {"https://example.com/key", "example.com"},
		"accelerated":     {"https://b-1250000000.cos.accelerate.myqcloud.com/k", "accelerate"},
		"no-appid":        {"https://bucket.cos.ap-guangzhou.myqcloud.com/key", "appid"},
		"no-key":          {"https://b-1250000000.cos.ap-guangzhou.myqcloud.com/", "no object"},
		"user":            {"https://u:p@b-1.cos.ap-guangzhou.myqcloud.com/k", "user"},
		"port":            {"https://b-1.cos.ap-guangzhou.myqcloud.com:444/k", "port"},
		"fragment":        {"https://b-1.cos.ap-guangzhou.myqcloud.com/k#x", "fragment"},
		"http":            {"http://b-1.cos.ap-guangzhou.myqcloud.com/k", "https://"},
		"twice":           {"https://b-1.cos.ap-guangzhou.myqcloud.com/k?versionId=1&versionId=2", "more than one"},
		"two cases":       {"https://b-1.cos.ap-guangzhou.myqcloud.com/k?versionId=1&versionid=2", `"versionid"`},
		"no version":      {"https://b-1.cos.ap-guangzhou.myqcloud.com/k?versionId=", "version id"},
		"not UTF-8":       {"https://b-1.cos.ap-guangzhou.myqcloud.com/k%ff", "UTF-8"},
		"bad query":       {"https://b-1.cos.ap-guangzhou.myqcloud.com/k?versionId=%zz", "query"},
		"dots":            {"https://b-1.cos.ap-guangzhou.myqcloud.com/..", "must not be"},
		"presigned":       {"https://b-1.cos.ap-guangzhou.myqcloud.com/k?q-signature=5ecret", "q-signature"},
		"coscli-no-key":   {"cos://b-1250000000", "no object"},
		"coscli-no-appid": {"cos://bucket/k", "appid"},
		"coscli-dots":     {"cos://b-1250000000/..", "must not be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseObjectURL(test.url)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error = %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "5ecret") {
				t.Errorf("the error quotes a signature: %v", err)
			}
		})
	}
}

func TestURLAndParseObjectURLRoundTrip(t *testing.T) {
	t.Parallel()
	client := &Client{config: Config{}.withDefaults()}
	for _, key := range []string{
		"a", "dir/a b", "a+b", "a%2Fb", "腾讯云/é", "what?", "a#b", "a//b",
		"quote'\"!()*~", "trailing/",
	} {
		for _, version := range []string{"", "MTg0NDUxNTc1MzA5NzU4ODg1Mjg", "null"} {
			want := ObjectRef{
				Region: "ap-guangzhou", Bucket: "b-1250000000", Key: key, VersionID: version,
			}
			got, err := ParseObjectURL(client.URL(want))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %s %v", client.URL(want), diff, err)
			}
		}
	}
}

func TestCopySourceNamesTheCanonicalHost(t *testing.T) {
	t.Parallel()
	ref := ObjectRef{
		Region:    "ap-guangzhou",
		Bucket:    "b-1250000000",
		Key:       "dir/a b+c?d=(1)",
		VersionID: "V",
	}
	config := Config{Endpoint: "https://{bucket}.cos.accelerate.myqcloud.com"}.withDefaults()
	client := &Client{config: config}
	want := "b-1250000000.cos.ap-guangzhou.myqcloud.com/dir/a%20b%2Bc%3Fd%3D%281%29?versionId=V"
	if got := client.copySource(ref); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	client.config.CopySourceEndpoint = "{bucket}.cos.{region}.example.com"
	if got := client.copySource(ref); !strings.HasPrefix(
		got,
		"b-1250000000.cos.ap-guangzhou.example.com/",
	) {
		t.Error(got)
	}
}
