package provider_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// operationsOf are the operations that a CAM action permits, where it is not the one of its name.
var operationsOf = map[string][]string{
	"cos:PutObject":  {"PutObject", "PutObjectCopy"},
	"cos:UploadPart": {"UploadPart", "UploadPartCopy"},
}

// otherActions are those that the index page names for no use: a request that needs one of them
// shows that the page lacks it.
var otherActions = []string{
	"cos:ListMultipartUploads", "cos:GetBucketEncryption", "cos:PutBucketEncryption",
	"cos:DeleteBucketEncryption", "cos:HeadBucket", "cos:DeleteMultipleObjects",
}

// documentedActions reads the table of the index page: a use to its COS actions.
func documentedActions(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../../templates/index.md.tmpl")
	pt.Must(t, err)
	_, table, found := strings.Cut(string(page), "| For | CAM actions |")
	if !found {
		t.Fatal("the page has no table of permissions")
	}
	action := regexp.MustCompile("`(cos:[A-Za-z]+)`")
	uses := map[string][]string{}
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			break
		}
		var actions []string
		for _, match := range action.FindAllStringSubmatch(cells[2], -1) {
			actions = append(actions, match[1])
		}
		uses[strings.TrimSpace(cells[1])] = actions
	}
	return uses
}

// deny refuses the operations of every action that is not allowed.
func deny(cloud *pt.Cloud, all, allowed []string) {
	for _, action := range all {
		if slices.Contains(allowed, action) {
			continue
		}
		operations := operationsOf[action]
		if operations == nil {
			operations = []string{strings.TrimPrefix(action, "cos:")}
		}
		for _, operation := range operations {
			cloud.AddFaults(cosemu.Fault{
				Op: operation, Times: 1 << 20, Status: 403, Code: "AccessDenied",
			})
		}
	}
}

// A use is what somebody does who has the permissions of some rows of the table, and no others.
type use struct {
	rows    []string
	prepare func(*testing.T, *pt.Cloud)
	run     func(t *testing.T, start func() *pt.Server) string
}

func noPreparation(*testing.T, *pt.Cloud) {}

// applied applies configurations one after the other and returns the first error.
func applied(object *pt.Instance, configs ...pt.Attrs) string {
	for _, config := range configs {
		if !object.State.IsNull() {
			if text := pt.ErrorText(object.Refresh()); text != "" {
				return text
			}
		}
		if _, diagnostics := object.Apply(config); pt.ErrorText(diagnostics) != "" {
			return pt.ErrorText(diagnostics)
		}
	}
	return ""
}

func uses() map[string]use {
	config := pt.ContentObject("a", pt.SSECOS())
	upload := func(_ *testing.T, cloud *pt.Cloud) {
		cloud.Upload("a", "hello a", cosapi.SSECOS{Algorithm: "AES256"})
	}
	const reading, writing = "reading", "creating and changing"
	return map[string]use{
		"reading": {[]string{reading}, upload, func(_ *testing.T, start func() *pt.Server) string {
			_, diagnostics := start().ReadData(pt.ObjectType, pt.Attrs{
				"bucket": pt.Bucket, "key": "a", "read_content": true,
			})
			return pt.ErrorText(diagnostics)
		}},
		"auditing": {[]string{reading}, upload, func(_ *testing.T, start func() *pt.Server) string {
			_, diagnostics := start().ReadData(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket, "prefix": ""})
			return pt.ErrorText(diagnostics)
		}},
		"changing": {[]string{reading, writing}, noPreparation, func(_ *testing.T, start func() *pt.Server) string {
			return applied(start().Object(), config, config.With(pt.Attrs{"content": "other"}),
				config.With(pt.Attrs{"content": "other", "sse": pt.SSEKMS(pt.Attrs{})}),
				config.With(pt.Attrs{"content": "other", "cache_control": "no-store"}))
		}},
		"large": {[]string{reading, writing}, noPreparation, func(t *testing.T, start func() *pt.Server) string {
			first := pt.WriteFile(t, "first", strings.Repeat("large", 300_000))
			second := pt.WriteFile(t, "second", strings.Repeat("other", 300_000))
			file := config.With(pt.Attrs{"content": nil, "source": first})
			return applied(start().Object(), file, file.With(pt.Attrs{"source": second}))
		}},
		"importing": {
			[]string{reading, "importing, also with `terraform query`"},
			upload,
			func(_ *testing.T, start func() *pt.Server) string {
				return pt.ErrorText(start().Object().ImportID(pt.Bucket + "/a"))
			},
		},
		"tags and ACL": {
			[]string{reading, writing, "managed `acl`, `tags`"},
			noPreparation,
			func(_ *testing.T, start func() *pt.Server) string {
				managed := config.With(pt.Attrs{
					"acl": "private", "tags": map[string]string{"a": "b"},
				})
				return applied(start().Object(), managed,
					managed.With(pt.Attrs{"acl": "public-read", "tags": map[string]string{"c": "d"}}),
					managed.With(pt.Attrs{"acl": "public-read", "tags": map[string]string{}}))
			},
		},
		"destroying": {
			[]string{reading, writing, "destroying"},
			noPreparation,
			func(_ *testing.T, start func() *pt.Server) string {
				object := start().Object()
				all := config.With(pt.Attrs{
					"bucket": pt.VersionedBucket, "deletion_policy": "delete_all_versions",
				})
				if text := applied(object, all); text != "" {
					return text
				}
				return pt.ErrorText(object.On(start()).Destroy())
			},
		},
		"restoring": {
			[]string{"restoring"},
			func(t *testing.T, cloud *pt.Cloud) {
				upload(t, cloud)
				pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, "a", "ARCHIVE"))
			},
			func(_ *testing.T, start func() *pt.Server) string {
				_, diagnostics := start().Resource(pt.RestoreType).Apply(pt.Attrs{
					"bucket": pt.Bucket, "key": "a", "days": 1,
				})
				return pt.ErrorText(diagnostics)
			},
		},
	}
}

// TestPermissionsOfTheIndexPageAreEnough denies everything but what the page names for a use.
func TestPermissionsOfTheIndexPageAreEnough(t *testing.T) {
	t.Parallel()
	documented := documentedActions(t)
	all := slices.Concat(otherActions, slices.Concat(slices.Collect(maps.Values(documented))...))
	slices.Sort(all)
	all = slices.Compact(all)
	for name, use := range uses() {
		var allowed []string
		for _, row := range use.rows {
			if len(documented[row]) == 0 {
				t.Fatalf("the page has no row %q", row)
			}
			allowed = append(allowed, documented[row]...)
		}
		run := func(t *testing.T, allowed []string) string {
			cloud := pt.NewCloud(t, cosemu.Config{})
			use.prepare(t, cloud)
			deny(cloud, all, allowed)
			return use.run(t, func() *pt.Server {
				return pt.NewServer(t, cloud, pt.Attrs{"part_size": 1 << 20, "max_retries": 0})
			})
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if text := run(t, allowed); text != "" {
				t.Errorf("with %v: %s", allowed, text)
			}
		})
		for _, action := range slices.Compact(slices.Sorted(slices.Values(allowed))) {
			t.Run(name+" without "+action, func(t *testing.T) {
				t.Parallel()
				without := slices.DeleteFunc(slices.Clone(allowed), func(a string) bool {
					return a == action
				})
				if text := run(t, without); text != "" && !strings.Contains(text, action) {
					t.Errorf("the error does not name the action that is missing: %s", text)
				}
			})
		}
	}
}
