package provider

import (
	"context"
	"encoding/json"
	"maps"
	"math/big"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// encryptedObjectTypeName is the type of the resource.
const encryptedObjectTypeName = "cos_encrypted_object"

// encryptedObjectType is the type of its state.
var encryptedObjectType = sync.OnceValue(func() tftypes.Type {
	ctx := context.Background()
	var schema resource.SchemaResponse
	newEncryptedObjectResource().Schema(ctx, resource.SchemaRequest{}, &schema)
	return schema.Schema.Type().TerraformType(ctx)
})

// listedRead is the refresh of an object that a listing may answer: the few members of the state
// that it takes, without the cost of a whole model.
type listedRead struct {
	data  *providerData
	ref   cosapi.ObjectRef
	state map[string]tftypes.Value
	known baseline
	// alone says that private state holds the baseline and nothing else.
	alone bool
}

// newListedRead reports false for what no listing can answer: another resource type, another
// refresh_mode, a state that was never completed, and one that cannot be read, which is for the
// framework to report.
func newListedRead(
	data *providerData, req *tfprotov6.ReadResourceRequest,
) (listedRead, bool) {
	if data == nil || data.refresher == nil || data.anyUnknown() ||
		req.TypeName != encryptedObjectTypeName || req.CurrentState == nil {
		return listedRead{}, false
	}
	value, err := req.CurrentState.Unmarshal(encryptedObjectType())
	read := listedRead{data: data}
	if err != nil || value.IsNull() || value.As(&read.state) != nil {
		return listedRead{}, false
	}
	var private map[string]json.RawMessage
	var text []byte
	if json.Unmarshal(req.Private, &private) != nil ||
		json.Unmarshal(private[baselineKey], &text) != nil ||
		json.Unmarshal(text, &read.known) != nil {
		return listedRead{}, false
	}
	read.alone = len(private) == 1
	read.ref = encryptedObjectModel{
		Bucket: types.StringValue(textOf(read.state["bucket"])),
		Key:    types.StringValue(textOf(read.state["key"])),
		Region: types.StringValue(textOf(read.state["region"])),
	}.ref(data.region)
	return read, true
}

// unchanged reports that a listing shows the object as the last refresh saw it. Whatever else a
// listing says, or if it fails, is for a HEAD to find out.
func (r listedRead) unchanged(ctx context.Context) bool {
	class := textOf(r.state["storage_class"])
	if r.known.LastModified == "" || r.known.Unread || r.data.written.contains(r.ref) ||
		cosapi.Archived(class) {
		return false
	}
	ctx, cancel := withDeadline(r.data.maskSecrets(ctx), r.deadline())
	defer cancel()
	unchanged, err := r.data.refresher.Unchanged(ctx, r.ref, cosapi.Known{
		ETag: textOf(r.state["etag"]), Size: sizeOf(r.state["size"]),
		LastModified: parseTime(r.known.LastModified), HeadAt: parseTime(r.known.HeadAt),
		StorageClass: class,
	})
	if err != nil {
		tflog.Info(withOwnFields(ctx), "Cannot list the bucket; objects are refreshed one by one",
			map[string]any{"cos_bucket": r.ref.Bucket, "error": err.Error()})
	}
	return unchanged
}

// deadline is timeouts.read, 0 for none. What is wrong with it is for the framework to report.
func (r listedRead) deadline() time.Duration {
	var timeouts map[string]tftypes.Value
	if r.state["timeouts"].As(&timeouts) != nil {
		return 0
	}
	deadline, err := time.ParseDuration(textOf(timeouts["read"]))
	if err != nil {
		return 0
	}
	return deadline
}

// isComplete reports that a refresh which finds the object unchanged has nothing else to do:
// no tags or ACL to read, no file that has changed, nothing of the configuration to note.
func (r listedRead) isComplete() bool {
	return r.alone && r.state["tags"].IsNull() && r.state["acl"].IsNull() &&
		r.known.Endpoint == r.data.endpoint &&
		maps.Equal(r.known.KeyringMD5s, r.data.keyring.MD5s()) && r.sameFile()
}

// sameFile reports that the recorded fact of source still holds. A file that cannot be looked at
// changes nothing: that is for the plan to report.
func (r listedRead) sameFile() bool {
	name := textOf(r.state["source"])
	if name == "" {
		return r.known.File == nil
	}
	stat, err := cosapi.StatFile(name)
	return err != nil || r.known.fileHolds(stat)
}

// identity is the current identity, or for a state that was written before Terraform knew of
// identities the object's own.
func (r listedRead) identity(
	current *tfprotov6.ResourceIdentityData,
) (*tfprotov6.ResourceIdentityData, bool) {
	if current != nil && current.IdentityData != nil {
		return current, true
	}
	members := map[string]tftypes.Value{
		"bucket": tftypes.NewValue(tftypes.String, r.ref.Bucket),
		"key":    tftypes.NewValue(tftypes.String, r.ref.Key),
		"region": tftypes.NewValue(tftypes.String, r.ref.Region),
	}
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"bucket": tftypes.String, "key": tftypes.String, "region": tftypes.String,
	}}
	value, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, members))
	return &tfprotov6.ResourceIdentityData{IdentityData: &value}, err == nil
}

// textOf is a string of a state, "" for null.
func textOf(value tftypes.Value) string {
	var text string
	if value.IsNull() || value.As(&text) != nil {
		return ""
	}
	return text
}

// sizeOf is a size in a state, negative for null: that of a write-only body is hidden.
func sizeOf(value tftypes.Value) int64 {
	var number big.Float
	if value.IsNull() || value.As(&number) != nil {
		return -1
	}
	whole, _ := number.Int64()
	return whole
}

// listedUnchangedKey is where the context of a Read keeps the answer of the listing.
type listedUnchangedKey struct{}

// withListedUnchanged tells Read that a listing has shown the object unchanged, so that it neither
// asks again nor makes a HEAD.
func withListedUnchanged(ctx context.Context) context.Context {
	return context.WithValue(ctx, listedUnchangedKey{}, true)
}

func isListedUnchanged(ctx context.Context) bool {
	return ctx.Value(listedUnchangedKey{}) != nil
}
