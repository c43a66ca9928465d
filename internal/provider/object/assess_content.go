package object

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
)

// contentAssessment is what is known of the bytes that are asked for, and whether the object has
// them.
type contentAssessment struct {
	change change
	// crc64 and size are null for a write-only body, whose bytes could be guessed from them.
	crc64 types.String
	size  types.Int64
	// expect is the CRC64 that the plan saw and apply must find; "" accepts any.
	expect string
	// bumped: content_wo_version is another one than in the state.
	bumped bool
}

// assessContent compares the body with the object by CRC64.
func (a *assessor) assessContent(
	ctx context.Context, body objectBody,
) (contentAssessment, diag.Diagnostics) {
	unknown := contentAssessment{
		change: unsure, crc64: types.StringUnknown(), size: types.Int64Unknown(),
	}
	switch {
	case body.kind == bodyContentWO:
		return a.assessWriteOnly(), nil
	case body.unknown:
		return unknown, nil
	case body.kind == bodyNone:
		return contentAssessment{crc64: a.state.CRC64ECMA, size: a.state.Size}, nil
	case body.kind == bodySource:
		return a.assessFile(ctx, body)
	case body.kind == bodyCopySource:
		return a.assessCopySource(ctx, body)
	}
	crc := cosapi.CRC64(body.content)
	return contentAssessment{
		change: changedIf(a.creating || crc != a.state.CRC64ECMA.ValueString()),
		crc64:  types.StringValue(crc), size: types.Int64Value(int64(len(body.content))),
		expect: crc,
	}, nil
}

// assessWriteOnly: only another version, or a write by somebody else, changes a write-only body.
func (a *assessor) assessWriteOnly() contentAssessment {
	bumped := !a.creating && !a.config.ContentWOVersion.Equal(a.state.ContentWOVersion)
	return contentAssessment{
		change: changedIf(a.creating || bumped || a.known.Rewritten),
		crc64:  types.StringNull(), size: types.Int64Null(), bumped: bumped,
	}
}

// assessFile compares a file with the object. A file that the baseline describes is not read; on
// create none is, because it is read when it is sent.
func (a *assessor) assessFile(
	ctx context.Context, body objectBody,
) (contentAssessment, diag.Diagnostics) {
	result := contentAssessment{
		change: unsure, crc64: types.StringUnknown(), size: types.Int64Unknown(),
	}
	stat, err := cosapi.StatFile(body.path)
	if err != nil {
		return result, diag.Diagnostics{a.fileProblem(body.path, err)}
	}
	if a.creating {
		result.change = changed
		return result, nil
	}
	fact := stat
	if a.known.fileHolds(stat) {
		fact = *a.known.File
	} else if fact, err = cosapi.HashFile(ctx, body.path); err != nil {
		return result, diag.Diagnostics{a.fileProblem(body.path, err)}
	}
	inState := a.state.CRC64ECMA.ValueString()
	result.change = changedIf(fact.CRC64 != inState)
	result.expect = fact.CRC64
	if result.change == unchanged {
		result.crc64, result.size = types.StringValue(fact.CRC64), types.Int64Value(fact.Size)
	}
	diags := a.checkFileSeen(body.path, fact, inState, &result)
	return result, diags
}

// checkFileSeen compares the file with what the refresh of this plan saw. What that refresh saw is
// what an apply must find; where it saw the object's own bytes, only Terraform can tell a plan
// without refresh from a file that was changed after the plan.
func (a *assessor) checkFileSeen(
	name string, fact cosapi.FileFact, inState string, result *contentAssessment,
) diag.Diagnostics {
	seen := a.known.File
	if seen == nil || seen.Path != name || seen.CRC64 == fact.CRC64 {
		return nil
	}
	if seen.CRC64 != inState {
		result.expect = seen.CRC64
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("source"),
		"The file changed since the last refresh", fmt.Sprintf("%s had CRC64 %s when it was last "+
			"looked at and has %s. If this is an apply, the file was changed after the plan: plan "+
			"again.", name, seen.CRC64, fact.CRC64))}
}

// fileProblem is a warning in a plan, because something may still make the file, and an error at
// apply.
func (a *assessor) fileProblem(name string, err error) diag.Diagnostic {
	summary, at := "The file cannot be read", path.Root("source")
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		summary, reason = "The file does not exist", fmt.Sprintf("There is no file %s", name)
	}
	if a.applying && a.creating {
		return diag.NewAttributeErrorDiagnostic(at, summary, reason+". Nothing was written. An object "+
			"that this one replaces has been deleted by then.")
	}
	if a.applying {
		return diag.NewAttributeErrorDiagnostic(at, summary, reason+". Nothing was changed. To "+
			"destroy the object without the file, run destroy with -refresh=false.")
	}
	return diag.NewAttributeWarningDiagnostic(at, summary, reason+". The plan goes on, in case "+
		"something makes the file before the object is written; otherwise the apply will fail.")
}

// assessCopySource compares the source of copy_source with what was last copied.
func (a *assessor) assessCopySource(
	ctx context.Context, body objectBody,
) (contentAssessment, diag.Diagnostics) {
	result := contentAssessment{
		change: unsure, crc64: types.StringUnknown(), size: types.Int64Unknown(),
	}
	if a.creating {
		result.change = changed
		return result, nil
	}
	if a.data.Client == nil || a.data.AnyUnknown() {
		return result, nil
	}
	source, diags := body.copySource.Source(
		a.data.Keyring, a.data.KeyringUnknown, a.plan.ref(a.data.Region).Region)
	if diags.HasError() {
		return a.unverifiedSource(diags)
	}
	info, err := a.data.Client.Head(ctx, source.Ref, source.Key)
	if a.plan.CopySource.Equal(a.state.CopySource) && cosapi.IsGone(err) {
		return a.goneSource(source.Ref)
	}
	if err != nil {
		return result, diag.Diagnostics{a.sourceProblem(source.Ref, err)}
	}
	copied := a.state.CRC64ECMA.ValueString()
	same := info.CRC64 == copied
	if info.CRC64 == "" || copied == "" {
		// An object older than COS's CRC64: the ETag of the source tells, if it was recorded.
		same = a.known.CopySourceETag != "" && !a.known.Rewritten
	}
	if a.known.CopySourceETag != "" {
		same = same && a.known.CopySourceETag == info.ETag &&
			a.known.CopySourceVersionID == info.VersionID
	}
	result.change = changedIf(!same)
	if same {
		result.crc64, result.size = a.state.CRC64ECMA, a.state.Size
	}
	return result, nil
}

// unverifiedSource: a source whose key is not at hand cannot be compared, and needs not be as long
// as nothing is copied. A copy finds the same error.
func (a *assessor) unverifiedSource(
	missing diag.Diagnostics,
) (contentAssessment, diag.Diagnostics) {
	var warnings diag.Diagnostics
	for _, one := range missing.Errors() {
		warnings.AddAttributeWarning(path.Root("copy_source"), "The source was not verified",
			one.Detail()+" Until then changes of the source are not seen.")
	}
	return contentAssessment{crc64: a.state.CRC64ECMA, size: a.state.Size}, warnings
}

// goneSource: what has been copied stays right when the source goes. Only another copy_source needs
// one.
func (a *assessor) goneSource(ref cosapi.ObjectRef) (contentAssessment, diag.Diagnostics) {
	return contentAssessment{crc64: a.state.CRC64ECMA, size: a.state.Size}, diag.Diagnostics{
		diag.NewAttributeWarningDiagnostic(path.Root("copy_source"), "The source is gone",
			fmt.Sprintf("There is no %s in region %s any more. The copy that was made of it stays as it "+
				"is. To make another one, name another source.", ref, ref.Region)),
	}
}

// sourceProblem: a source that does not exist may be made before the copy.
func (a *assessor) sourceProblem(source cosapi.ObjectRef, err error) diag.Diagnostic {
	tried := diagnose.Attempt{
		Doing: "read the source of the copy", Ref: source, Endpoint: a.data.Endpoint,
		At: path.Root("copy_source"),
	}
	if cosapi.Classify(err) == cosapi.ClassNotFound && !a.applying {
		return tried.Warning(err)
	}
	return tried.Failed(err)
}
