package prefix

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// The values of status.
const (
	statusCompliant  = "compliant"
	statusViolations = "violations"
	statusIncomplete = "incomplete"
)

const (
	// maxCounts bounds the state: it holds counts of so many encryptions.
	maxCounts = 24
	// maxShownKey is how much of a sample's key the state holds.
	maxShownKey = 200
)

// unknownOutputs marks all that an audit decides as known after apply.
func (m *model) unknownOutputs() {
	m.Total, m.Bytes, m.Violations = types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown()
	m.Excluded, m.Unknown = types.Int64Unknown(), types.Int64Unknown()
	m.Compliant, m.Complete = types.BoolUnknown(), types.BoolUnknown()
	m.Counts = types.MapUnknown(types.Int64Type)
	m.Blocked = types.MapUnknown(types.Int64Type)
	m.Pending = types.ObjectUnknown(pendingTypes)
	m.Samples = types.ListUnknown(types.ObjectType{AttrTypes: sampleTypes})
	m.AuditedAt, m.Status = types.StringUnknown(), types.StringUnknown()
	m.Attestation = types.ObjectUnknown(attestationTypes)
}

// keepOutputs takes over all that an audit decides from the state.
func (m *model) keepOutputs(state model) {
	m.Total, m.Bytes, m.Violations = state.Total, state.Bytes, state.Violations
	m.Excluded, m.Unknown = state.Excluded, state.Unknown
	m.Compliant, m.Complete, m.Counts = state.Compliant, state.Complete, state.Counts
	m.Blocked, m.Pending, m.Samples = state.Blocked, state.Pending, state.Samples
	m.AuditedAt, m.Status, m.Attestation = state.AuditedAt, state.Status, state.Attestation
}

// setFrom fills in what an audit found. audited_at stays while the findings are equal, or every plan
// would change what depends on it.
func (m *model) setFrom(f *audit.Findings) {
	before := *m
	m.Total, m.Bytes = types.Int64Value(f.Total.Objects), types.Int64Value(f.Total.Bytes)
	m.Violations = types.Int64Value(f.Violations.Objects)
	m.Excluded = types.Int64Value(f.Excluded.Objects)
	m.Unknown = types.Int64Value(f.Unknown.Objects)
	m.Compliant, m.Complete = types.BoolValue(f.Compliant()), types.BoolValue(f.Complete)
	m.Counts, m.Blocked = countsOf(f), blockedOf(f)
	m.Pending, m.Samples = pendingOf(f.Pending), samplesOf(f.Samples)
	m.Status = types.StringValue(statusOf(f))
	m.AuditedAt = types.StringValue(f.ListedAt.UTC().Format(time.RFC3339))
	if before.AuditedAt.ValueString() != "" && m.sameFindings(before) {
		m.AuditedAt = before.AuditedAt
	}
}

func statusOf(f *audit.Findings) string {
	switch {
	case !f.Complete:
		return statusIncomplete
	case f.Compliant():
		return statusCompliant
	}
	return statusViolations
}

func (m *model) sameFindings(other model) bool {
	for _, pair := range [][2]attr.Value{
		{m.Total, other.Total},
		{m.Bytes, other.Bytes},
		{m.Violations, other.Violations},
		{m.Excluded, other.Excluded},
		{m.Unknown, other.Unknown},
		{m.Complete, other.Complete},
		{m.Counts, other.Counts},
		{m.Blocked, other.Blocked},
		{m.Pending, other.Pending},
		{m.Samples, other.Samples},
		{m.Status, other.Status},
	} {
		if !pair[0].Equal(pair[1]) {
			return false
		}
	}
	return true
}

func numbersMap(numbers map[string]int64) types.Map {
	values := make(map[string]attr.Value, len(numbers))
	for name, n := range numbers {
		values[name] = types.Int64Value(n)
	}
	return types.MapValueMust(types.Int64Type, values)
}

func countsOf(f *audit.Findings) types.Map {
	counts := map[string]int64{}
	for i, facts := range f.Encryptions() {
		name := facts.String()
		if i >= maxCounts || facts == audit.OtherEncryption {
			name = audit.Other
		}
		counts[name] += f.ByEncryption[facts].Objects
	}
	return numbersMap(counts)
}

func blockedOf(f *audit.Findings) types.Map {
	counts := map[string]int64{}
	for why, tally := range f.Blocked {
		counts[string(why)] = tally.Objects
	}
	return numbersMap(counts)
}

func pendingOf(bill audit.Bill) types.Object {
	return types.ObjectValueMust(pendingTypes, map[string]attr.Value{
		"objects": types.Int64Value(bill.Objects), "bytes": types.Int64Value(bill.Bytes),
		"requests": types.Int64Value(bill.Requests), "by_engine": numbersMap(bill.ByEngine),
		"new_versions": types.Int64Value(bill.NewVersions),
	})
}

func samplesOf(samples []audit.Sample) types.List {
	elements := make([]attr.Value, 0, len(samples))
	for _, sample := range samples {
		elements = append(elements, types.ObjectValueMust(sampleTypes, map[string]attr.Value{
			"key":        types.StringValue(shortened(sample.Key)),
			"version_id": value.StringOrNull(sample.VersionID),
			"mode":       types.StringValue(string(sample.Found.Mode)),
			"violation":  types.StringValue(sample.Problem),
			"blocked":    value.StringOrNull(string(sample.Blocked)),
		}))
	}
	return types.ListValueMust(types.ObjectType{AttrTypes: sampleTypes}, elements)
}

// shortened cuts a key off at a whole character.
func shortened(key string) string {
	if len(key) <= maxShownKey {
		return key
	}
	end := maxShownKey
	for end > 0 && !utf8.RuneStart(key[end]) {
		end--
	}
	return key[:end] + "…"
}

// pendingObjects is how many objects the bill in a state counts.
func (m model) pendingObjects() int64 { return value.Int64Member(m.Pending, "objects").ValueInt64() }

// refused is how many objects COS refused to have rewritten, by the state.
func (m model) refused() int64 {
	total := int64(0)
	for _, why := range []audit.Reason{audit.ReasonLocked, audit.ReasonDenied, audit.ReasonError} {
		if n, ok := m.Blocked.Elements()[string(why)].(types.Int64); ok {
			total += n.ValueInt64()
		}
	}
	return total
}

// scope says in words what is guaranteed.
func (m model) scope() string {
	if m.Prefix.ValueString() == "" {
		return "the whole bucket " + m.Bucket.ValueString()
	}
	return fmt.Sprintf("%q in bucket %s", m.Prefix.ValueString(), m.Bucket.ValueString())
}

// blockedText lists what is blocked, in a fixed order.
func (m model) blockedText() string {
	text := ""
	for _, why := range slices.Sorted(maps.Keys(m.Blocked.Elements())) {
		if n, ok := m.Blocked.Elements()[why].(types.Int64); ok && n.ValueInt64() > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", n.ValueInt64(), why)
		}
	}
	return text
}
