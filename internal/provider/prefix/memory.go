package prefix

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/audit/batch"
)

// memoryKey is where private state keeps the memory.
const memoryKey = "audit"

// memory is what the resource remembers beside its state. Terraform stores it as it is, for whoever
// can read the state: who has it can forge a ledger, and read nothing.
type memory struct {
	// LedgerKey is the secret under which ledgers are written.
	LedgerKey string `json:"ledger_key,omitempty"`
	// Ledger is the last ledger, nil where there is none.
	Ledger *audit.Ledger `json:"ledger,omitempty"`
	// Evidence is where it is: another bucket begins anew.
	Evidence string `json:"evidence,omitempty"`
	// ListedAt is when the listing of the last complete audit began, by COS's clock: what was
	// written later is in no bill.
	ListedAt time.Time `json:"listed_at,omitzero"`
	// CheckedAt is when the last complete audit ended, for max_age.
	CheckedAt time.Time `json:"checked_at,omitzero"`
	// Wanted is what that audit compared with, for a key that changes under its name.
	Wanted string `json:"wanted,omitempty"`
	// Proofs are what trials of COS Batch have shown of the bucket.
	Proofs []batch.Proof `json:"proofs,omitempty"`
}

func (m memory) secret() audit.Secret {
	secret, err := audit.ParseSecret(m.LedgerKey)
	if err != nil {
		return audit.Secret{}
	}
	return secret
}

// privateReader and privateWriter are the private data of the framework's requests and responses.
type privateReader interface {
	GetKey(context.Context, string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(context.Context, string, []byte) diag.Diagnostics
}

// readMemory reads private state. What cannot be read is no memory: the next audit is a full one.
func readMemory(ctx context.Context, private privateReader) memory {
	var m memory
	text, _ := private.GetKey(ctx, memoryKey)
	if json.Unmarshal(text, &m) != nil {
		return memory{}
	}
	return m
}

func (m memory) write(ctx context.Context, private privateWriter) diag.Diagnostics {
	text, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot remember the audit", err.Error())}
	}
	return private.SetKey(ctx, memoryKey, text)
}

// at is the memory with what belongs to a place of evidence: a ledger elsewhere is of no use.
func (m memory) at(evidence *audit.Evidence) memory {
	place := ""
	if evidence != nil {
		place = evidence.Bucket.Bucket + "/" + evidence.Prefix
	}
	if m.Evidence != place {
		m.Evidence, m.Ledger = place, nil
	}
	return m
}

// learn takes over what an audit leaves behind.
func (m *memory) learn(options audit.Options, found *audit.Findings) {
	if found.Ledger != nil {
		m.Ledger = found.Ledger
	}
	if found.Complete {
		m.ListedAt, m.CheckedAt = found.ListedAt, found.EndedAt
		m.Wanted = wantedText(options.Expectation)
	}
}

// wantedText is what was wanted, as far as it can change without the configuration.
func wantedText(e audit.Expectation) string {
	if e.Wanted == nil {
		return ""
	}
	return e.Wanted.String()
}
