package object

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
)

// proveSuccessor checks, in a plan that replaces an object, that the new one can be made. Nothing can
// guard that later: core deletes before it creates, and Delete is not told of the successor. What is
// not known yet is a warning. It costs a HEAD of the source of a copy and one of another destination.
func (p *objectPlan) proveSuccessor(ctx context.Context, found assessment) diag.Diagnostics {
	if p.data.Client == nil || p.data.AnyUnknown() || p.successorUnknown(found) {
		return diag.Diagnostics{successorUnproved()}
	}
	diags := p.proveBody(ctx, found.body)
	diags.Append(p.proveDestination(ctx, found)...)
	return diags
}

// replaces reports a plan that replaces an object: by another place, or, as with -replace and taint,
// by a new object in the place of one that this run has seen in the state.
func (p *objectPlan) replaces() bool {
	return p.moves() || p.creating && p.state.Bucket.IsNull() && !p.plan.Bucket.IsUnknown() &&
		!p.plan.Key.IsUnknown() && !p.plan.Region.IsUnknown() &&
		p.data.Written.InState(p.plan.ref(p.data.Region))
}

func (p *objectPlan) successorUnknown(found assessment) bool {
	return p.plan.Bucket.IsUnknown() || p.plan.Key.IsUnknown() || p.plan.Region.IsUnknown() ||
		found.body.unknown || found.sse.unknown || found.sse.key.Unknown
}

func successorUnproved() diag.Diagnostic {
	return diag.NewWarningDiagnostic("The replacement cannot be proved", "This plan replaces the "+
		"object: Terraform deletes the old one before it creates the new one. What the new one is "+
		"made of is not known yet, so nothing shows that it can be made. With lifecycle { "+
		"create_before_destroy = true } the old object is deleted only after the new one exists.")
}

// proveBody reads nothing of a file but opens it, and looks at the source of a copy.
func (p *objectPlan) proveBody(ctx context.Context, body objectBody) diag.Diagnostics {
	switch body.kind {
	case bodySource:
		file, err := cosapi.OpenFile(body.path)
		if err != nil {
			return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("source"),
				"The replacement cannot be made", fmt.Sprintf("This plan replaces the object, and its "+
					"body cannot be read: %s. The object would be deleted first, and nothing could take "+
					"its place. Nothing was changed.", err))}
		}
		_ = file.Close()
	case bodyCopySource:
		return p.proveCopySource(ctx, body)
	}
	return nil
}

func (p *objectPlan) proveCopySource(ctx context.Context, body objectBody) diag.Diagnostics {
	source, diags := body.copySource.Source(
		p.data.Keyring, p.data.KeyringUnknown, p.plan.ref(p.data.Region).Region)
	if diags.HasError() {
		return diags
	}
	look, err := p.data.Client.Look(ctx, source.Ref,
		cosapi.Ask{Keys: []*cosapi.CustomerKey{source.Key}, Reason: true})
	if err == nil && look.What != cosapi.Exists {
		err = look.Refusal
	}
	tried := diagnose.Attempt{
		Doing: "replace the object", Ref: source.Ref, Endpoint: p.data.Endpoint,
		At: path.Root("copy_source"),
	}
	const lost = "This plan replaces the object by a copy of its source: the object would be deleted " +
		"first, and nothing could take its place. Nothing was changed."
	switch {
	case err != nil:
		failure := tried.Failed(err)
		return diag.Diagnostics{tried.Diagnostic(failure.Summary(),
			diagnose.Paragraphs(failure.Detail(), lost))}
	case source.IfMatch != "" && source.IfMatch != look.Info.ETag:
		return diag.Diagnostics{tried.Diagnostic("The source is not the one that was named",
			fmt.Sprintf("%s has the ETag %s, and if_match names %s. %s", source.Ref, look.Info.ETag,
				source.IfMatch, lost))}
	case cosapi.Archived(look.Info.StorageClass) && !look.Info.Restore.Restored:
		return diag.Diagnostics{tried.Diagnostic("The source is archived", fmt.Sprintf(
			"%s is in the class %s and not restored, so it cannot be copied. %s", source.Ref,
			look.Info.StorageClass, lost))}
	}
	return nil
}

// proveDestination makes sure that nothing is where the new object goes, if that is another place.
func (p *objectPlan) proveDestination(ctx context.Context, found assessment) diag.Diagnostics {
	ref := p.plan.ref(p.data.Region)
	if p.plan.Overwrite.ValueBool() || !p.moves() {
		return nil
	}
	ask := cosapi.Ask{}
	if found.sse.key.OK {
		ask.Keys = []*cosapi.CustomerKey{&found.sse.key.Key}
	}
	look, err := p.data.Client.Look(ctx, ref, ask)
	switch {
	case err != nil:
		tried := diagnose.Attempt{Doing: "look at the new place", Ref: ref, Endpoint: p.data.Endpoint}
		return diag.Diagnostics{tried.Failed(err)}
	case look.What == cosapi.Absent, look.What == cosapi.NoBucket:
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("key"),
		"The replacement cannot be made", fmt.Sprintf("This plan replaces the object by %s in region "+
			"%s, where another object is already. The old one would be deleted first, and the new one "+
			"refused. Nothing was changed. Choose another key, delete or import that object, or set "+
			"overwrite = true.", ref, ref.Region))}
}
