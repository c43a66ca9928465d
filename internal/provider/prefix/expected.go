package prefix

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// The bounds of an audit where the audit block does not name them.
const (
	defaultMaxAge      = time.Hour
	defaultMaxDuration = 5 * time.Minute
	defaultRate        = 500
	defaultMaxErrors   = 100
)

// bounds is a decoded audit block.
type bounds struct {
	maxAge time.Duration
	budget audit.Budget
}

func decodeBounds(list types.List) bounds {
	block := value.OnlyBlock(list)
	number := func(name string, fallback int64) int64 {
		if n := value.Int64Member(block, name); value.IsSet(n) {
			return n.ValueInt64()
		}
		return fallback
	}
	rate := float64(defaultRate)
	if n, ok := block.Attributes()["rate"].(types.Float64); ok && value.IsSet(n) {
		rate = n.ValueFloat64()
	}
	return bounds{
		maxAge: durationOr(value.StringMember(block, "max_age"), defaultMaxAge),
		budget: audit.Budget{
			MaxDuration: durationOr(value.StringMember(block, "max_duration"), defaultMaxDuration),
			MaxRequests: number("max_requests", 0),
			MaxErrors:   number("max_errors", defaultMaxErrors),
			Rate:        rate,
			Concurrency: int(number("concurrency", audit.DefaultConcurrency)),
		},
	}
}

func durationOr(text types.String, fallback time.Duration) time.Duration {
	if d, err := time.ParseDuration(text.ValueString()); err == nil {
		return d
	}
	return fallback
}

// working are the bounds of a create or an update: how long they take is for timeouts to say.
func (b bounds) working() audit.Budget {
	budget := b.budget
	budget.MaxDuration, budget.MaxRequests = 0, 0
	return budget
}

// expectation decodes sse and accept. encryption is how objects are rewritten, nil if no sse block is
// known, as after an import.
func (r *managedResource) expectation(
	ctx context.Context, m model,
) (audit.Expectation, cosapi.Encryption, diag.Diagnostics) {
	choice := sse.Decode(m.SSE)
	if choice.Mode == "" {
		return audit.Expectation{Modes: everyMode}, nil, nil
	}
	encryption, diags := choice.Encryption(r.data.Keyring, r.data.KeyringUnknown, types.StringNull())
	if diags.HasError() {
		return audit.Expectation{}, nil, diags
	}
	wanted := wantedStatus(encryption)
	expectation := audit.Expectation{Wanted: &wanted}
	block := value.OnlyBlock(m.Accept)
	for name, into := range map[string]*[]string{
		"kms_key_ids": &expectation.KMSKeyIDs, "customer_key_md5s": &expectation.KeyMD5s,
	} {
		*into = setMember(ctx, block, name)
	}
	for _, mode := range setMember(ctx, block, "modes") {
		expectation.Modes = append(expectation.Modes, cosapi.Mode(mode))
	}
	return expectation, encryption, diags
}

var everyMode = []cosapi.Mode{
	cosapi.ModeNone, cosapi.ModeSSECOS, cosapi.ModeSSEKMS, cosapi.ModeSSEC,
}

func wantedStatus(encryption cosapi.Encryption) cosapi.EncryptionStatus {
	status := cosapi.EncryptionStatus{Mode: encryption.Mode()}
	switch e := encryption.(type) {
	case cosapi.SSECOS:
		status.Algorithm = e.Algorithm
	case cosapi.SSEKMS:
		status.KMSKeyID = e.KeyID
	case cosapi.SSEC:
		status.CustomerKeyMD5 = e.Key.MD5()
	}
	return status
}

func setMember(ctx context.Context, block types.Object, name string) []string {
	set, ok := block.Attributes()[name].(types.Set)
	if !ok {
		return nil
	}
	members, _ := texts(ctx, set)
	return members
}

// options is an audit of the resource as m describes it.
func (r *managedResource) options(
	ctx context.Context, m model, memory memory,
) (audit.Options, diag.Diagnostics) {
	expectation, encryption, diags := r.expectation(ctx, m)
	excluded, excludedDiags := texts(ctx, m.ExcludePrefixes)
	diags.Append(excludedDiags...)
	ref, refDiags := address.Object{Bucket: m.Bucket, Region: m.Region}.Resolve(
		r.data.Region, path.Root("region"))
	diags.Append(refDiags...)
	options := audit.Options{
		Client: r.data.Client, Bucket: ref, Prefix: m.Prefix.ValueString(), Exclude: excluded,
		Versions: m.Noncurrent.ValueBool(), Expectation: expectation, Keyring: r.data.Keyring,
		Namable: address.IsNormal, Slots: r.data.AuditSlots, Evidence: r.evidence(m, ref), Secret: memory.secret(),
	}
	if memory.Ledger != nil && options.Evidence != nil && !options.Secret.IsZero() {
		options.Last = memory.Ledger
	}
	if options.Evidence != nil && options.Secret.IsZero() {
		options.Evidence = nil
	}
	if encryption != nil && !diags.HasError() {
		options.Engines = r.engines(m, encryption)
		jobs, batchDiags := r.batchEngine(m, memory, options, encryption)
		diags.Append(batchDiags...)
		options = withBatch(options, jobs)
	}
	return options, diags
}

// engines are those that may rewrite objects, the one to ask first in front.
func (r *managedResource) engines(_ model, encryption cosapi.Encryption) []audit.Engine {
	return []audit.Engine{audit.Direct{
		Client: r.data.Client, Encryption: encryption, Keyring: r.data.Keyring,
	}}
}

func (r *managedResource) evidence(m model, ref cosapi.ObjectRef) *audit.Evidence {
	block := value.OnlyBlock(m.Evidence)
	bucket := value.StringMember(block, "bucket").ValueString()
	if bucket == "" {
		return nil
	}
	return &audit.Evidence{
		Client: r.data.Client, Prefix: value.StringMember(block, "prefix").ValueString(),
		Bucket: cosapi.ObjectRef{Region: ref.Region, Bucket: bucket},
	}
}
