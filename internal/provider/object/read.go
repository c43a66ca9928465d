package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Read stores what COS reports, so that the plan shows every difference. It never takes a refused
// key, an expired credential or a missing permission for a deleted object.
func (r *managedResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	deadline, diags := state.Timeouts.Read(ctx, 0)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := value.WithDeadline(r.data.MaskSecrets(ctx, clearKeys(state.SSE)...), deadline)
	defer cancel()

	ref := state.ref(r.data.Region)
	// Before the look-up: without an identity the framework reports an object that is gone as a
	// defect of the provider.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, ref)...)
	known, diags := readBaseline(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.data.Client == nil {
		return
	}
	refresh := &objectRefresh{data: r.data, ref: ref, state: state, known: known, later: true}
	resp.Diagnostics.Append(refresh.run(ctx)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if refresh.gone {
		resp.State.RemoveResource(ctx)
		return
	}
	r.data.Written.Read(ref)
	resp.Diagnostics.Append(resp.State.Set(ctx, &refresh.state)...)
	resp.Diagnostics.Append(refresh.known.write(ctx, resp.Private)...)
}

// objectRefresh is one refresh under way. run changes state and known to what was found.
type objectRefresh struct {
	data  *providerdata.Data
	ref   cosapi.ObjectRef
	state resourceModel
	known baseline
	// gone says that the object certainly does not exist.
	gone bool
	// openedBy is the name in the keyring of the key that opened an SSE-C object.
	openedBy string
	// later says that a key which only the configuration has is still to be tried, by the plan.
	later bool
}

// imported reports an object that ImportState or MoveState has just put into the state.
func (f *objectRefresh) imported() bool {
	return f.state.ETag.IsNull() && f.state.Encryption.IsNull()
}

// run looks the object up and takes over what was found.
func (f *objectRefresh) run(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	wasImported := f.imported()
	if !isListedUnchanged(ctx) {
		diags.Append(f.look(ctx)...)
	}
	if diags.HasError() || f.gone {
		return diags
	}
	diags.Append(f.refreshTags(ctx, wasImported)...)
	diags.Append(f.refreshACL(ctx, wasImported)...)
	f.refreshFile(ctx)
	f.known.Endpoint = f.data.Endpoint
	f.known.KeyringMD5s = f.data.Keyring.MD5s()
	return diags
}
