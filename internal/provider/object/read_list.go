package object

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
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// TypeName is the type of the resource.
const TypeName = "cos_encrypted_object"

// stateType is the type of its state.
var stateType = sync.OnceValue(func() tftypes.Type {
	ctx := context.Background()
	var schema resource.SchemaResponse
	NewResource().Schema(ctx, resource.SchemaRequest{}, &schema)
	return schema.Schema.Type().TerraformType(ctx)
})

// ListedRead is the refresh of an object that a listing may answer: the few members of the state
// that it takes, without the cost of a whole model.
type ListedRead struct {
	data  *providerdata.Data
	ref   cosapi.ObjectRef
	state map[string]tftypes.Value
	known baseline
	// alone says that private state holds the baseline and nothing else.
	alone bool
}

// NewListedRead reports false for what no listing can answer: another resource type, another
// refresh_mode, a state that was never completed, and one that cannot be read, which is for the
// framework to report.
func NewListedRead(
	data *providerdata.Data, req *tfprotov6.ReadResourceRequest,
) (ListedRead, bool) {
	if data == nil || data.Refresher == nil || data.AnyUnknown() ||
		req.TypeName != TypeName || req.CurrentState == nil {
		return ListedRead{}, false
	}
	value, err := req.CurrentState.Unmarshal(stateType())
	read := ListedRead{data: data}
	if err != nil || value.IsNull() || value.As(&read.state) != nil {
		return ListedRead{}, false
	}
	var private map[string]json.RawMessage
	var text []byte
	if json.Unmarshal(req.Private, &private) != nil ||
		json.Unmarshal(private[baselineKey], &text) != nil ||
		json.Unmarshal(text, &read.known) != nil {
		return ListedRead{}, false
	}
	read.alone = len(private) == 1
	read.ref = resourceModel{
		Bucket: types.StringValue(textOf(read.state["bucket"])),
		Key:    types.StringValue(textOf(read.state["key"])),
		Region: types.StringValue(textOf(read.state["region"])),
	}.ref(data.Region)
	return read, true
}

// Unchanged reports that a listing shows the object as the last refresh saw it. Whatever else a
// listing says, or if it fails, is for a HEAD to find out.
func (r ListedRead) Unchanged(ctx context.Context) bool {
	class := textOf(r.state["storage_class"])
	if r.known.LastModified == "" || r.known.Unread || r.data.Written.Contains(r.ref) ||
		cosapi.Archived(class) {
		return false
	}
	ctx, cancel := value.WithDeadline(r.data.MaskSecrets(ctx), r.deadline())
	defer cancel()
	unchanged, err := r.data.Refresher.Unchanged(ctx, r.ref, cosapi.Known{
		ETag: textOf(r.state["etag"]), Size: sizeOf(r.state["size"]),
		LastModified: value.ParseTime(r.known.LastModified), HeadAt: value.ParseTime(r.known.HeadAt),
		StorageClass: class,
	})
	if err != nil {
		tflog.Info(providerdata.WithOwnFields(ctx),
			"Cannot list the bucket; objects are refreshed one by one",
			map[string]any{"cos_bucket": r.ref.Bucket, "error": err.Error()})
	}
	return unchanged
}

// deadline is timeouts.read, 0 for none. What is wrong with it is for the framework to report.
func (r ListedRead) deadline() time.Duration {
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

// settledByListing are the attributes of an object that is known to be unchanged: those that a HEAD
// would say again, and those that only the configuration says. Every other one, such as tags, has to
// be read wherever the state has it. A new attribute is read until it is entered here.
var settledByListing = map[string]bool{
	"id": true, "bucket": true, "key": true, "region": true, "url": true,
	"content": true, "content_base64": true, "content_wo": true, "content_wo_version": true,
	"source": true, "copy_source": true, "sse": true, "encryption": true,
	"content_type": true, "cache_control": true, "content_disposition": true,
	"content_encoding": true, "content_language": true, "expires": true, "metadata": true,
	"storage_class": true, "etag": true, "crc64ecma": true, "size": true, "version_id": true,
	"overwrite": true, "deletion_policy": true, "timeouts": true,
}

// isSettled reports that a listing which shows the object unchanged leaves nothing to be read.
func (r ListedRead) isSettled() bool {
	for name, member := range r.state {
		if !settledByListing[name] && !member.IsNull() {
			return false
		}
	}
	return true
}

// IsComplete reports that a refresh which finds the object unchanged has nothing else to do:
// nothing else to read, no file that has changed, nothing of the configuration to note.
func (r ListedRead) IsComplete() bool {
	return r.alone && r.isSettled() && r.known.Endpoint == r.data.Endpoint &&
		maps.Equal(r.known.KeyringMD5s, r.data.Keyring.MD5s()) && r.sameFile()
}

// sameFile reports that the recorded fact of source still holds. A file that cannot be looked at
// changes nothing: that is for the plan to report.
func (r ListedRead) sameFile() bool {
	name := textOf(r.state["source"])
	if name == "" {
		return r.known.File == nil
	}
	stat, err := cosapi.StatFile(name)
	return err != nil || r.known.fileHolds(stat)
}

// Identity is the current identity, or for a state that was written before Terraform knew of
// identities the object's own.
func (r ListedRead) Identity(
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

// WithListedUnchanged tells Read that a listing has shown the object unchanged, so that it neither
// asks again nor makes a HEAD.
func WithListedUnchanged(ctx context.Context) context.Context {
	return context.WithValue(ctx, listedUnchangedKey{}, true)
}

func isListedUnchanged(ctx context.Context) bool {
	return ctx.Value(listedUnchangedKey{}) != nil
}
