package prefix

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/audit/batch"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// The values of engine, deletion_policy and batch.confirmation.
const (
	engineAuto   = "auto"
	engineBatch  = "batch"
	engineDirect = "direct"

	policyAbandon = "abandon"
	policyCancel  = "cancel"

	confirmAutomatic = "automatic"
	confirmManual    = "manual"
)

// defaultMinObjects is how many objects are worth a job. The trial before the first one takes about
// 150 requests, and each job some ten.
const defaultMinObjects = 10_000

var roleForm = regexp.MustCompile(`^qcs::cam::uin/([0-9]{1,20}):roleName/[^/]+$`)

// engineAttributes are those of the engines.
func engineAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"engine": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(engineAuto),
			Validators: []validator.String{
				stringvalidator.OneOf(engineAuto, engineBatch, engineDirect),
			},
			MarkdownDescription: "Who rewrites. `direct`: this provider, one copy per object. `batch`: " +
				"COS Batch wherever it can, and an error where a trial shows that it cannot. `auto` " +
				"(default): like `batch`, but the provider does it where COS Batch cannot, and says " +
				"why. Without a `batch` block all is direct.",
		},
		"deletion_policy": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(policyAbandon),
			Validators: []validator.String{stringvalidator.OneOf(policyAbandon, policyCancel)},
			MarkdownDescription: "What destroying does to jobs of COS Batch that have not ended: " +
				"`abandon` (default) leaves them, `cancel` cancels them. Objects stay either way.",
		},
	}
}

func batchBlock() schema.Block {
	number := func(text string, least int64) schema.Attribute {
		return schema.Int64Attribute{
			Optional: true, MarkdownDescription: text,
			Validators: []validator.Int64{int64validator.Between(least, 1<<31-1)},
		}
	}
	text := func(text string, check func(string) error) schema.Attribute {
		return schema.StringAttribute{
			Optional: true, MarkdownDescription: text,
			Validators: []validator.String{value.Limit(check)},
		}
	}
	return one("COS Batch, COS's own distributed engine, for objects without any encryption, up to 5 "+
		"GB, in the classes STANDARD and STANDARD_IA, where AES256 is wanted, or a KMS key without a "+
		"context that is the bucket's default encryption. COS's documents do not say whether it can "+
		"rewrite objects in place, so it is **tried first**, on objects of its own below "+
		"`"+batch.TrialPrefix+"` in the audited bucket, and only what was proven is done by jobs. "+
		"Needs `evidence`. See the guide on COS Batch.", map[string]schema.Attribute{
		"role_arn": text("Role that the jobs run as, `qcs::cam::uin/<uin>:roleName/<role>`. "+
			"Required. It must be trusted by COS, and may read and write the objects, their ACLs "+
			"and tags, and read and write the evidence.", validateRole),
		"uin": text("Number of the root account, whose jobs these are. Default: that of `role_arn`.",
			validateUIN),
		"priority": number("Priority among the account's jobs, larger first. Default: 0.", 0),
		"min_objects": number("With fewer objects than this nothing is given to jobs. Default: "+
			"10000.", 1),
		"max_objects_per_job": number("How many objects a job is given. Default: 1000000.", 1),
		"confirmation": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(confirmAutomatic, confirmManual)},
			MarkdownDescription: "Every job waits until COS has counted its objects. `automatic` " +
				"(default): the provider lets it begin if the count is its own, else cancels it. " +
				"`manual`: the apply waits until somebody confirms it, for example in the console.",
		},
		"report_prefix": text("Start of the keys of completion reports, in the bucket of `evidence`. "+
			"Default: below `evidence.prefix`.", cosapi.ValidatePrefix),
		"poll_interval": text("Pause between two looks at a job. Default: `15s`.", validateDuration),
		"control_endpoint": text("URL template of COS Batch, with `{uin}` and `{region}`. Default: "+
			"`"+cosapi.DefaultControlEndpoint+"`.", cosapi.ValidateControlEndpoint),
	}, nil)
}

func validateRole(text string) error {
	if !roleForm.MatchString(text) {
		return fmt.Errorf("a role is written qcs::cam::uin/<uin>:roleName/<role>")
	}
	return nil
}

func validateUIN(text string) error {
	if strings.Trim(text, "0123456789") != "" || text == "" || len(text) > 20 {
		return fmt.Errorf("it is the number of a root account, digits only")
	}
	return nil
}

// validateBatch demands what jobs need.
func validateBatch(config model) diag.Diagnostics {
	block := value.OnlyBlock(config.Batch)
	at := path.Root("batch").AtListIndex(0)
	var diags diag.Diagnostics
	switch {
	case config.Engine.ValueString() == engineBatch && !config.Batch.IsUnknown() && block.IsNull():
		diags.AddAttributeError(path.Root("engine"), "The batch block is missing",
			`engine = "batch" needs a batch block: COS Batch runs as a role of yours.`)
	case block.IsNull() || block.IsUnknown():
	case value.StringMember(block, "role_arn").IsNull():
		diags.AddAttributeError(at.AtName("role_arn"), "The role is missing",
			"Jobs of COS Batch run as a role that COS is trusted to assume.")
	case !config.Evidence.IsUnknown() && value.OnlyBlock(config.Evidence).IsNull():
		diags.AddAttributeError(at, "The evidence block is missing",
			"Jobs take their lists from the evidence bucket, and what a killed run leaves is found "+
				"again there.")
	}
	return diags
}

// batchEngine is the engine of the batch block; nil where there is none, or where COS Batch has no
// way to what is wanted, which is an error only if nothing else is allowed.
func (r *managedResource) batchEngine(
	m model, memory memory, options audit.Options, encryption cosapi.Encryption,
) (*batch.Engine, diag.Diagnostics) {
	block := value.OnlyBlock(m.Batch)
	if block.IsNull() || block.IsUnknown() || m.Engine.ValueString() == engineDirect ||
		options.Evidence == nil {
		return nil, nil
	}
	text := func(name string) string { return value.StringMember(block, name).ValueString() }
	number := func(name string) int { return int(value.Int64Member(block, name).ValueInt64()) }
	jobs, err := r.data.Client.Batch(cosapi.BatchAccount{
		UIN: uinOf(block), Bucket: options.Bucket.Bucket, Region: options.Bucket.Region,
		Endpoint: text("control_endpoint"),
	})
	if err != nil {
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("batch"),
			"Cannot reach COS Batch", err.Error())}
	}
	evidence := options.Evidence.Bucket
	evidence.Key = options.Evidence.Prefix
	kms, _ := encryption.(cosapi.SSEKMS)
	engine, err := batch.New(batch.Config{
		Client: r.data.Client, Jobs: jobs, Bucket: options.Bucket, Prefix: options.Prefix,
		Evidence: evidence, Wanted: wantedStatus(encryption), Context: len(kms.Context) > 0,
		RoleARN: text("role_arn"), Priority: number("priority"),
		MaxObjects: number("max_objects_per_job"), ReportPrefix: text("report_prefix"),
		PollInterval:       durationOr(value.StringMember(block, "poll_interval"), 0),
		ManualConfirmation: text("confirmation") == confirmManual, Proofs: memory.Proofs,
		Sleep: options.Sleep,
	})
	switch {
	case err != nil && m.Engine.ValueString() == engineBatch:
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("engine"),
			"COS Batch cannot do this", err.Error()+`. Use engine = "auto" or "direct".`)}
	case err != nil:
		return nil, nil
	}
	return engine, nil
}

func uinOf(block types.Object) string {
	if uin := value.StringMember(block, "uin").ValueString(); uin != "" {
		return uin
	}
	match := roleForm.FindStringSubmatch(value.StringMember(block, "role_arn").ValueString())
	if match == nil {
		return ""
	}
	return match[1]
}

// withBatch puts the batch engine in front of the others, and its trials out of the audit.
func withBatch(options audit.Options, engine *batch.Engine) audit.Options {
	if engine == nil {
		return options
	}
	options.Engines = append([]audit.Engine{engine}, options.Engines...)
	if strings.HasPrefix(batch.TrialPrefix, options.Prefix) {
		options.Exclude = append(options.Exclude, batch.TrialPrefix)
	}
	return options
}

// engineOf is the batch engine of an audit, nil if it has none.
func engineOf(options audit.Options) *batch.Engine {
	if len(options.Engines) == 0 {
		return nil
	}
	engine, _ := options.Engines[0].(*batch.Engine)
	return engine
}

// checkDefault leaves the batch engine out of a count where the bucket's default encryption is not
// what jobs need.
func checkDefault(ctx context.Context, options audit.Options) (audit.Options, error) {
	engine := engineOf(options)
	if engine == nil {
		return options, nil
	}
	err := engine.Check(ctx)
	if batch.IsRefused(err) {
		options.Engines = options.Engines[1:]
		return options, nil
	}
	return options, err
}

// run audits. What it may rewrite is given to jobs where the bill that was planned says so.
func (r *managedResource) run(
	ctx context.Context, plan model, memory *memory, options audit.Options, jobs bool,
) (*audit.Findings, diag.Diagnostics, error) {
	engine := engineOf(options)
	if engine == nil || options.Rewrite == nil {
		options, err := checkDefault(ctx, options)
		if err != nil {
			return &audit.Findings{}, nil, err
		}
		found, err := audit.Run(ctx, options)
		return plan.settleBill(found), nil, err
	}
	options.Engines = options.Engines[1:]
	engine.Idle = !jobs
	engine.Progress = func(p batch.Progress) { logProgress(ctx, p) }
	strict := batch.Strictness(plan.Engine.ValueString() == engineBatch && jobs)
	found, result, err := engine.Audit(ctx, options, strict)
	memory.Proofs = engine.Proven()
	if text := result.String(); text != "" {
		tflog.Info(ctx, text)
	}
	if found == nil {
		found = &audit.Findings{}
	}
	var diags diag.Diagnostics
	if len(result.Notes) > 0 {
		diags.AddWarning("COS Batch", strings.TrimSpace(result.String()+"\n"+
			strings.Join(result.Notes, "\n")))
	}
	return plan.settleBill(found), diags, err
}

func logProgress(ctx context.Context, p batch.Progress) {
	tflog.Info(ctx, "COS Batch", map[string]any{
		"job": p.JobID, "status": string(p.Status), "total": p.Total, "succeeded": p.Succeeded,
		"failed": p.Failed, "trial": p.Trial,
	})
}

// settleBill gives to the direct engine what is too little for jobs.
func (m model) settleBill(found *audit.Findings) *audit.Findings {
	least := int64(defaultMinObjects)
	if n := value.Int64Member(value.OnlyBlock(m.Batch), "min_objects"); value.IsSet(n) {
		least = n.ValueInt64()
	}
	if found == nil || found.Pending.ByEngine == nil {
		return found
	}
	bill := found.Pending.ByEngine
	if n := bill[engineBatch]; n > 0 && n < least {
		bill[engineDirect] += n
		delete(bill, engineBatch)
	}
	return found
}

// jobObjects is how many objects the bill in a state gives to jobs.
func (m model) jobObjects() int64 {
	byEngine, ok := m.Pending.Attributes()["by_engine"].(types.Map)
	if !ok {
		return 0
	}
	n, _ := byEngine.Elements()[engineBatch].(types.Int64)
	return n.ValueInt64()
}

// cancelJobs ends the jobs of a guarantee that goes.
func (r *managedResource) cancelJobs(
	ctx context.Context, state model, memory memory,
) diag.Diagnostics {
	if state.DeletionPolicy.ValueString() != policyCancel || value.OnlyBlock(state.Batch).IsNull() {
		return nil
	}
	options, diags := r.options(ctx, state, memory)
	engine := engineOf(options)
	if diags.HasError() || engine == nil {
		return diags
	}
	if err := engine.Cancel(ctx); err != nil {
		diags.Append(r.attempt(options, "cancel the jobs of COS Batch").Failed(err))
	}
	return diags
}
