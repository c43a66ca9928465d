package object

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// The resources of other providers that `moved` blocks take over: the official provider's object, and
// AWS's as people use it with COS's S3 endpoint.
const (
	movedTypeName   = "tencentcloud_cos_bucket_object"
	movedProvider   = "tencentcloud"
	movedS3TypeName = "aws_s3_object"
	movedS3Provider = "aws"
)

// MoveState takes over objects of the official provider, and of AWS's.
func (r *managedResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{
		{StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
			moveFrom(ctx, movedTypeName, movedProvider, req, resp)
		}},
		{StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
			moveFrom(ctx, movedS3TypeName, movedS3Provider, req, resp)
		}},
	}
}

// movedObject is the part of another provider's state that means something here. Most names are
// the same in both; the official provider has neither metadata nor a region, nor bytes in Base64. The
// official id is bucket and key without anything between them, and so of no use.
type movedObject struct {
	Bucket             string            `json:"bucket"`
	Key                string            `json:"key"`
	Region             string            `json:"region"`
	Content            string            `json:"content"`
	ContentBase64      string            `json:"content_base64"`
	Source             string            `json:"source"`
	ACL                string            `json:"acl"`
	CacheControl       string            `json:"cache_control"`
	ContentDisposition string            `json:"content_disposition"`
	ContentEncoding    string            `json:"content_encoding"`
	ContentLanguage    string            `json:"content_language"`
	ContentType        string            `json:"content_type"`
	StorageClass       string            `json:"storage_class"`
	Metadata           map[string]string `json:"metadata"`
	Tags               map[string]string `json:"tags"`
}

// moveFrom translates a state. Terraform calls it without a provider configuration, so it asks
// nothing of COS and knows no region but one that the state has: the refresh that follows fills in
// the rest, as after an import. The identity stays unset for the same reason; it cannot change once
// it is set.
//
// Other sources are left alone, which tells the framework that they are not supported. Registries
// and mirrors differ in host and namespace, so only the end of the provider's address counts.
func moveFrom(
	ctx context.Context, typeName, provider string,
	req resource.MoveStateRequest, resp *resource.MoveStateResponse,
) {
	if req.SourceTypeName != typeName || path.Base(req.SourceProviderAddress) != provider ||
		!strings.Contains(req.SourceProviderAddress, "/") {
		return
	}
	resp.TargetIdentity = nil
	if req.SourceRawState == nil {
		resp.Diagnostics.AddError("State cannot be moved",
			"Terraform sent no state of the object. Remove it with `terraform state rm` and "+
				"import it instead.")
		return
	}
	moved, err := decodeMoved(req.SourceRawState.JSON)
	if err != nil {
		resp.Diagnostics.AddError("State cannot be moved", fmt.Sprintf(
			"The state of %s is not as expected: %s. Remove it with `terraform state rm` and "+
				"import it instead.", typeName, err))
		return
	}
	state := moved.model()
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &state)...)
}

// decodeMoved reads a state. An object of AWS itself is told by its bucket, which has no appid.
func decodeMoved(state []byte) (movedObject, error) {
	var moved movedObject
	if err := json.Unmarshal(state, &moved); err != nil {
		return moved, err
	}
	if moved.Bucket == "" || moved.Key == "" {
		return moved, errors.New("bucket or key is missing")
	}
	if err := cosapi.ValidateBucket(moved.Bucket); err != nil {
		return moved, fmt.Errorf("%q is no bucket of COS: %w", moved.Bucket, err)
	}
	return moved, nil
}

// regionOfAWS has a point of the compass and a number at its end, as in us-east-1. Who uses AWS's
// provider with COS may have written any; COS has no such regions.
var regionOfAWS = regexp.MustCompile(
	`-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9]+$`)

func (m movedObject) region() types.String {
	if m.Region == "" || regionOfAWS.MatchString(m.Region) || cosapi.ValidateRegion(m.Region) != nil {
		return types.StringNull()
	}
	return types.StringValue(m.Region)
}

// model is the moved object as a state that Read completes.
func (m movedObject) model() resourceModel {
	state := emptyObjectModel()
	state.Bucket = types.StringValue(m.Bucket)
	state.Key = types.StringValue(m.Key)
	state.Region = m.region()
	state.Content = value.StringOrNull(m.Content)
	state.ContentBase64 = value.StringOrNull(m.ContentBase64)
	state.Source = value.StringOrNull(m.Source)
	state.CacheControl = value.StringOrNull(m.CacheControl)
	state.ContentDisposition = value.StringOrNull(m.ContentDisposition)
	state.ContentEncoding = value.StringOrNull(m.ContentEncoding)
	state.ContentLanguage = value.StringOrNull(m.ContentLanguage)
	state.ContentType = value.StringOrNull(m.ContentType)
	if cosapi.ValidateStorageClass(m.StorageClass) == nil {
		state.StorageClass = types.StringValue(m.StorageClass)
	}
	if cosapi.ValidateACL(m.ACL) == nil {
		state.ACL = types.StringValue(m.ACL)
	}
	state.Metadata, state.Tags = mapOrNull(m.Metadata), mapOrNull(m.Tags)
	return state
}

func mapOrNull(members map[string]string) types.Map {
	if len(members) == 0 {
		return types.MapNull(types.StringType)
	}
	values := make(map[string]attr.Value, len(members))
	for name, member := range members {
		values[name] = types.StringValue(member)
	}
	return types.MapValueMust(types.StringType, values)
}
