package object_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// movedState is a state with every attribute of tencentcloud_cos_bucket_object, made up.
const movedState = `{
  "acl": "private", "bucket": "examplebucket-1250000000", "cache_control": "max-age=60",
  "content": null, "content_disposition": "", "content_encoding": "", "content_type": "text/csv",
  "etag": "ee8de918d05640145b18f70f4c3aa602", "id": "examplebucket-1250000000reports/2026.csv",
  "key": "reports/2026.csv", "source": "2026.csv", "storage_class": "STANDARD",
  "tags": {"team": "finance"}
}`

// move asks the provider to take a state over, without a configured provider as core does it.
func move(
	t *testing.T, typeName, address, state string,
) (tftypes.Value, *tfprotov6.MoveResourceStateResponse) {
	t.Helper()
	server := pt.NewUnconfiguredServer(t)
	request := &tfprotov6.MoveResourceStateRequest{
		SourceTypeName: typeName, SourceProviderAddress: address,
		TargetTypeName: "cos_encrypted_object",
		SourceState:    &tfprotov6.RawState{JSON: []byte(state)},
	}
	response, err := server.Provider.MoveResourceState(t.Context(), request)
	pt.Must(t, err)
	if response.TargetState == nil {
		return tftypes.Value{}, response
	}
	typ := server.Schemas.ResourceSchemas["cos_encrypted_object"].Block.ValueType()
	target, err := response.TargetState.Unmarshal(typ)
	pt.Must(t, err)
	return target, response
}

func TestMoveTakesTheOfficialObjectOver(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"registry.terraform.io/tencentcloudstack/tencentcloud",
		"registry.opentofu.org/tencentcloudstack/tencentcloud",
		"mirror.example.com/hashicorp/tencentcloud",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			state, response := move(t, object.MovedTypeName, address, movedState)
			if text := pt.ErrorText(response.Diagnostics); text != "" {
				t.Fatal(text)
			}
			expectValues(t, state, pt.Attrs{
				"bucket": pt.Bucket, "key": "reports/2026.csv", "region": nil,
				"source": "2026.csv", "content": nil, "acl": "private",
				"cache_control": "max-age=60", "content_disposition": nil,
				"content_type": "text/csv", "storage_class": "STANDARD",
				"tags.team": "finance", "etag": nil, "id": nil,
			})
			if response.TargetIdentity != nil {
				t.Error("an identity without a region is set, and it could never be completed")
			}
		})
	}
}

// movedS3State is a state of aws_s3_object of AWS's provider, version 6, made up.
const movedS3State = `{
  "acl": "private", "arn": "arn:aws:s3:::examplebucket-1250000000/reports/2026.csv",
  "bucket": "examplebucket-1250000000", "bucket_key_enabled": false, "cache_control": "",
  "checksum_crc32": "", "content": null, "content_base64": "aGVsbG8=", "content_disposition": "inline",
  "content_encoding": "", "content_language": "de", "content_type": "text/csv",
  "etag": "ee8de918d05640145b18f70f4c3aa602", "force_destroy": false,
  "id": "reports/2026.csv", "key": "reports/2026.csv", "kms_key_id": null,
  "metadata": {"owner": "finance"}, "object_lock_mode": "", "override_provider": [],
  "region": "ap-guangzhou", "server_side_encryption": "AES256", "source": null, "source_hash": null,
  "storage_class": "STANDARD", "tags": {"team": "finance"}, "tags_all": {"team": "finance"},
  "version_id": "", "website_redirect": ""
}`

func TestMoveTakesAnS3ObjectOver(t *testing.T) {
	t.Parallel()
	const aws = "registry.terraform.io/hashicorp/aws"
	tests := map[string]struct {
		replace, with string
		region        any
		class         any
	}{
		"version 6":          {"", "", "ap-guangzhou", "STANDARD"},
		"version 5":          {`"region": "ap-guangzhou", `, "", nil, "STANDARD"},
		"a made-up region":   {`"ap-guangzhou"`, `"us-east-1"`, nil, "STANDARD"},
		"another made-up":    {`"ap-guangzhou"`, `"ap-southeast-2"`, nil, "STANDARD"},
		"a region of COS":    {`"ap-guangzhou"`, `"ap-beijing-1"`, "ap-beijing-1", "STANDARD"},
		"a class that is S3": {`"STANDARD"`, `"ONEZONE_IA"`, "ap-guangzhou", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, response := move(t, object.MovedS3TypeName, aws,
				strings.Replace(movedS3State, test.replace, test.with, 1))
			if text := pt.ErrorText(response.Diagnostics); text != "" {
				t.Fatal(text)
			}
			expectValues(t, state, pt.Attrs{
				"bucket": pt.Bucket, "key": "reports/2026.csv", "region": test.region,
				"content_base64": "aGVsbG8=", "content": nil, "source": nil, "acl": "private",
				"content_disposition": "inline", "content_language": "de", "content_type": "text/csv",
				"storage_class": test.class, "metadata.owner": "finance", "tags.team": "finance",
				"etag": nil, "id": nil, "encryption": nil,
			})
			if response.TargetIdentity != nil {
				t.Error("an identity is set, and it could never be completed")
			}
		})
	}
}

func TestMoveRefusesOtherSources(t *testing.T) {
	t.Parallel()
	const official = "registry.terraform.io/tencentcloudstack/tencentcloud"
	tests := map[string]struct{ typeName, address, state, says string }{
		"other resource": {"tencentcloud_cos_bucket", official, movedState, "Move"},
		"other provider": {
			object.MovedTypeName, "registry.terraform.io/example/mytencentcloud", movedState, "Move",
		},
		"bare name":              {object.MovedTypeName, "tencentcloud", movedState, "Move"},
		"S3 of another provider": {object.MovedS3TypeName, official, movedS3State, "Move"},
		"S3 itself": {
			object.MovedS3TypeName, "registry.terraform.io/hashicorp/aws",
			`{"bucket": "mybucket", "key": "k"}`, "no bucket of COS",
		},
		"no key":     {object.MovedTypeName, official, `{"bucket": "a"}`, "bucket or key is missing"},
		"not a JSON": {object.MovedTypeName, official, `[]`, "terraform state rm"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, response := move(t, test.typeName, test.address, test.state)
			if text := pt.ErrorText(response.Diagnostics); !strings.Contains(text, test.says) {
				t.Errorf("errors = %q, want them to say %q", text, test.says)
			}
		})
	}
}
