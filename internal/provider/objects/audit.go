package objects

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// report is what one read found.
type report struct {
	found   *audit.Findings
	objects []attr.Value
	// named are the violations that a page names.
	named []audit.Sample
}

func validateDuration(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d < 0 {
		return errors.New(`a duration is written like "90s", "5m" or "1h30m"`)
	}
	return nil
}

// audit runs the audit, and writes the page where one is asked for.
func (d *dataSource) audit(
	ctx context.Context, m dataModel, ref cosapi.ObjectRef, expectation audit.Expectation,
) (report, diag.Diagnostics) {
	var made report
	options := m.options(ctx, d.data)
	options.Bucket, options.Expectation = ref, expectation
	room := int64(maxObjects)
	if value.IsSet(m.MaxObjects) {
		room = m.MaxObjects.ValueInt64()
	}
	all := m.Only.ValueString() == onlyAll
	options.Visit = func(o audit.Object) { made.visit(o, all, room) }
	started := time.Now()
	options.Progress = func(f *audit.Findings) {
		tflog.Info(providerdata.WithOwnFields(ctx), "audited objects", map[string]any{
			"cos_bucket": ref.Bucket, "prefix": options.Prefix, "objects": f.Total.Objects,
			"violations": f.Violations.Objects + f.Unknown.Objects,
			"elapsed":    time.Since(started).Round(time.Millisecond).String(),
		})
	}
	found, err := audit.Run(ctx, options)
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return made, diag.Diagnostics{diagnose.Attempt{
			Doing: "audit the objects", Ref: ref, Endpoint: d.data.Endpoint,
		}.Failed(err)}
	}
	made.found = found
	if !value.IsSet(m.ReportPath) {
		return made, nil
	}
	err = writeReport(m.ReportPath.ValueString(), audit.Report{
		Options: options, Findings: found, Violations: made.named,
		Provider: "terraform-provider-cos " + d.data.Version,
	})
	if err != nil {
		return made, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("report_path"),
			"Cannot write the report", err.Error()+".")}
	}
	return made, nil
}

func (m dataModel) options(ctx context.Context, data *providerdata.Data) audit.Options {
	var excluded []string
	_ = m.ExcludePrefixes.ElementsAs(ctx, &excluded, false)
	duration, _ := time.ParseDuration(cmp.Or(m.MaxDuration.ValueString(), "0s"))
	return audit.Options{
		Client: data.Client, Prefix: m.Prefix.ValueString(), Exclude: excluded,
		Versions: m.Noncurrent.ValueBool(), Keyring: data.Keyring, Slots: data.AuditSlots,
		Namable: address.IsNormal,
		Budget: audit.Budget{
			MaxDuration: duration, MaxRequests: m.MaxRequests.ValueInt64(),
			MaxObjects: m.Limit.ValueInt64(), Rate: m.Rate.ValueFloat64(),
			MaxErrors:   cmp.Or(m.MaxErrors.ValueInt64(), defaultMaxErrors),
			Concurrency: int(cmp.Or(m.Concurrency.ValueInt64(), audit.DefaultConcurrency)),
		},
	}
}

// visit takes over an object that the state or the page is to name.
func (r *report) visit(o audit.Object, all bool, room int64) {
	if o.Excluded {
		return
	}
	violation := o.Violation
	switch {
	case o.Unknown != "":
		violation = "its encryption cannot be seen"
	case !o.Opened && o.Found == audit.UnknownEncryption:
		violation = "it was not looked at"
	}
	if o.Violation != "" && len(r.named) < audit.ReportViolations {
		r.named = append(r.named, audit.Sample{
			Key: o.ShownKey(), VersionID: o.Listed.VersionID, Size: o.Listed.Size, Found: o.Found,
			Problem: o.Violation,
		})
	}
	if !all && violation == "" || int64(len(r.objects)) >= room {
		return
	}
	r.objects = append(r.objects, objectValue(o, violation))
}

func objectValue(o audit.Object, violation string) attr.Value {
	archived := cosapi.Archived(o.Listed.StorageClass) && !o.Restored
	return types.ObjectValueMust(auditedObjectAttrTypes, map[string]attr.Value{
		"key":              types.StringValue(o.ShownKey()),
		"version_id":       value.StringOrNull(o.Listed.VersionID),
		"is_latest":        types.BoolValue(o.Listed.IsLatest),
		"size":             types.Int64Value(o.Listed.Size),
		"etag":             value.StringOrNull(o.Listed.ETag),
		"last_modified":    value.TimeOrNull(o.Listed.LastModified),
		"storage_class":    value.StringOrNull(o.Listed.StorageClass),
		"mode":             types.StringValue(string(o.Found.Mode)),
		"algorithm":        value.StringOrNull(o.Found.Algorithm),
		"kms_key_id":       value.StringOrNull(o.Found.KMSKeyID),
		"customer_key_md5": value.StringOrNull(o.Found.CustomerKeyMD5),
		"key_name":         value.StringOrNull(o.KeyName),
		"readable":         types.BoolValue(o.Opened && !archived),
		"violation":        value.StringOrNull(violation),
	})
}

// setFrom fills in what the audit found.
func (m *dataModel) setFrom(
	ctx context.Context, ref cosapi.ObjectRef, made report,
) diag.Diagnostics {
	f := made.found
	if made.objects == nil {
		made.objects = []attr.Value{}
	}
	var diags diag.Diagnostics
	m.Counts, diags = types.MapValueFrom(ctx, types.Int64Type, countsOf(f))
	m.ID = types.StringValue(ref.Bucket + "/" + m.Prefix.ValueString())
	m.Region = types.StringValue(ref.Region)
	m.Objects = types.ListValueMust(types.ObjectType{AttrTypes: auditedObjectAttrTypes}, made.objects)
	m.Total, m.Bytes = types.Int64Value(f.Total.Objects), types.Int64Value(f.Total.Bytes)
	m.Violations = types.Int64Value(f.Violations.Objects + f.Unknown.Objects)
	m.Excluded, m.Unknown = types.Int64Value(f.Excluded.Objects), types.Int64Value(f.Unknown.Objects)
	m.Unnamable = types.Int64Value(f.Unnamable)
	m.Complete, m.Truncated = types.BoolValue(f.Complete), types.BoolValue(f.Stopped != "")
	return diags
}

// countsOf is the number of objects by mode; every mode is there, so that an expression may name it.
func countsOf(f *audit.Findings) map[string]int64 {
	counts := map[string]int64{string(audit.UnknownEncryption.Mode): 0}
	for _, mode := range auditModes {
		counts[string(mode)] = 0
	}
	for facts, tally := range f.ByEncryption {
		counts[string(facts.Mode)] += tally.Objects
	}
	return counts
}
