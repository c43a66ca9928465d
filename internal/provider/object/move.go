package object

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// The resource of the official provider that `moved` blocks take over.
const (
	movedTypeName = "tencentcloud_cos_bucket_object"
	movedProvider = "tencentcloud"
)

// MoveState takes over objects of the official provider.
func (r *managedResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromTencentCloud}}
}

// movedObject is the part of the official provider's state that means something here. Its id is
// bucket and key without anything between them, and so of no use.
type movedObject struct {
	Bucket             string            `json:"bucket"`
	Key                string            `json:"key"`
	Content            string            `json:"content"`
	Source             string            `json:"source"`
	ACL                string            `json:"acl"`
	CacheControl       string            `json:"cache_control"`
	ContentDisposition string            `json:"content_disposition"`
	ContentEncoding    string            `json:"content_encoding"`
	ContentType        string            `json:"content_type"`
	StorageClass       string            `json:"storage_class"`
	Tags               map[string]string `json:"tags"`
}

// moveFromTencentCloud translates a state. Terraform calls it without a provider configuration,
// so it asks nothing of COS and knows no region: the refresh that follows fills in the rest, as
// after an import. The identity stays unset for the same reason; it cannot change once it is set.
//
// Other sources are left alone, which tells the framework that they are not supported. Registries
// and mirrors differ in host and namespace, so only the end of the provider's address counts.
func moveFromTencentCloud(
	ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse,
) {
	if req.SourceTypeName != movedTypeName ||
		path.Base(req.SourceProviderAddress) != movedProvider ||
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
	var moved movedObject
	err := json.Unmarshal(req.SourceRawState.JSON, &moved)
	if err == nil && (moved.Bucket == "" || moved.Key == "") {
		err = errors.New("bucket or key is missing")
	}
	if err != nil {
		resp.Diagnostics.AddError("State cannot be moved", fmt.Sprintf(
			"The state of %s is not as expected: %s. Remove it with `terraform state rm` and "+
				"import it instead.", movedTypeName, err))
		return
	}
	state := moved.model()
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &state)...)
}

// model is the moved object as a state that Read completes.
func (m movedObject) model() resourceModel {
	state := emptyObjectModel()
	state.Bucket = types.StringValue(m.Bucket)
	state.Key = types.StringValue(m.Key)
	state.Content = value.StringOrNull(m.Content)
	state.Source = value.StringOrNull(m.Source)
	state.CacheControl = value.StringOrNull(m.CacheControl)
	state.ContentDisposition = value.StringOrNull(m.ContentDisposition)
	state.ContentEncoding = value.StringOrNull(m.ContentEncoding)
	state.ContentType = value.StringOrNull(m.ContentType)
	state.StorageClass = value.StringOrNull(m.StorageClass)
	if cosapi.ValidateACL(m.ACL) == nil {
		state.ACL = types.StringValue(m.ACL)
	}
	if len(m.Tags) > 0 {
		tags := make(map[string]attr.Value, len(m.Tags))
		for name, value := range m.Tags {
			tags[name] = types.StringValue(value)
		}
		state.Tags = types.MapValueMust(types.StringType, tags)
	}
	return state
}
