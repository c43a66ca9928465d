package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Attestation is what an audit found, as a document for whoever has to be shown. It names no object.
// What it does not say was not seen: see Complete and Unknown.
type Attestation struct {
	Version  int    `json:"version"` // 1
	Provider string `json:"provider"`
	Account  string `json:"account"` // APPID, the end of the bucket's name
	Bucket   string `json:"bucket"`
	Region   string `json:"region"`
	Prefix   string `json:"prefix"`

	Expectation       AttestedExpectation `json:"expectation"`
	ExcludedPrefixes  []string            `json:"excluded_prefixes"`
	IncludeNoncurrent bool                `json:"include_noncurrent"`

	Compliant  bool             `json:"compliant"`
	Complete   bool             `json:"complete"`
	Stopped    string           `json:"stopped,omitempty"`
	Total      Tally            `json:"total"`
	Violations Tally            `json:"violations"`
	Excluded   Tally            `json:"excluded"`
	Unknown    Tally            `json:"unknown"`
	UnknownBy  map[Reason]int64 `json:"unknown_by"`
	Unnamable  int64            `json:"not_addressable"`
	Counts     []AttestedCount  `json:"counts"`
	Blocked    map[Reason]Tally `json:"blocked"`
	Rewritten  Tally            `json:"rewritten"`
	Engine     string           `json:"engine"`

	Listing AttestedListing `json:"listing"`
	Ledger  *AttestedLedger `json:"ledger,omitempty"`
}

// AttestedExpectation is how objects have to be encrypted.
type AttestedExpectation struct {
	Mode             string   `json:"mode"`
	Algorithm        string   `json:"algorithm,omitempty"`
	KMSKeyID         string   `json:"kms_key_id,omitempty"`
	CustomerKeyMD5   string   `json:"customer_key_md5,omitempty"`
	AcceptedModes    []string `json:"accepted_modes,omitempty"`
	AcceptedKMSKeys  []string `json:"accepted_kms_key_ids,omitempty"`
	AcceptedKeyMD5s  []string `json:"accepted_customer_key_md5s,omitempty"`
	EncryptedSuffice bool     `json:"any_encryption,omitempty"`
}

// AttestedCount is how many objects are encrypted in one way.
type AttestedCount struct {
	Mode           string `json:"mode"`
	Algorithm      string `json:"algorithm,omitempty"`
	KMSKeyID       string `json:"kms_key_id,omitempty"`
	CustomerKeyMD5 string `json:"customer_key_md5,omitempty"`
	Tally
}

// AttestedListing is when and what was listed.
type AttestedListing struct {
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended"`
	SHA256 string    `json:"sha256"`
}

// AttestedLedger is the evidence for each object.
type AttestedLedger struct {
	Key    string `json:"key"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows"`
}

// Attest writes findings down. provider is the provider with its version, engine those that may
// have rewritten objects.
func Attest(o Options, f *Findings, provider, engine string) Attestation {
	a := Attestation{
		Version: 1, Provider: provider, Engine: engine, Account: accountOf(o.Bucket.Bucket),
		Bucket: o.Bucket.Bucket, Region: o.Bucket.Region, Prefix: o.Prefix,
		Expectation: attestedExpectation(o.Expectation), ExcludedPrefixes: o.Exclude,
		IncludeNoncurrent: o.Versions, Compliant: f.Compliant(), Complete: f.Complete,
		Stopped: f.Stopped, Total: f.Total, Violations: f.Violations, Excluded: f.Excluded,
		Unknown: f.Unknown, UnknownBy: f.UnknownBy, Unnamable: f.Unnamable,
		Counts: attestedCounts(f), Blocked: map[Reason]Tally{}, Rewritten: f.Rewritten,
		Listing: AttestedListing{
			Began: f.ListedAt.UTC(), Ended: f.EndedAt.UTC().Truncate(time.Second),
			SHA256: f.ListingSHA256,
		},
	}
	for why, tally := range f.Blocked {
		a.Blocked[why] = *tally
	}
	if f.Ledger != nil {
		a.Ledger = &AttestedLedger{Key: f.Ledger.Key, SHA256: f.Ledger.SHA256, Rows: f.Ledger.Rows}
	}
	return a
}

// JSON is the document: members in a fixed order, keys of maps sorted, so that equal findings have
// equal digests.
func (a Attestation) JSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(a)
	return out.Bytes(), err
}

func accountOf(bucket string) string { return bucket[strings.LastIndexByte(bucket, '-')+1:] }

func attestedExpectation(e Expectation) AttestedExpectation {
	attested := AttestedExpectation{
		AcceptedKMSKeys: e.KMSKeyIDs, AcceptedKeyMD5s: e.KeyMD5s,
		EncryptedSuffice: e.Wanted == nil && len(e.Modes) == 0,
	}
	if e.Wanted != nil {
		attested.Mode, attested.Algorithm = string(e.Wanted.Mode), e.Wanted.Algorithm
		attested.KMSKeyID, attested.CustomerKeyMD5 = e.Wanted.KMSKeyID, e.Wanted.CustomerKeyMD5
	}
	for _, mode := range e.modes() {
		attested.AcceptedModes = append(attested.AcceptedModes, string(mode))
	}
	return attested
}

// Encryptions are the groups of ByEncryption in a fixed order: those with the most objects first.
func (f *Findings) Encryptions() []cosapi.EncryptionStatus {
	var all []cosapi.EncryptionStatus
	for facts := range f.ByEncryption {
		all = append(all, facts)
	}
	slices.SortFunc(all, func(a, b cosapi.EncryptionStatus) int {
		return cmp.Or(cmp.Compare(f.ByEncryption[b].Objects, f.ByEncryption[a].Objects),
			cmp.Compare(a.String(), b.String()))
	})
	return all
}

func attestedCounts(f *Findings) []AttestedCount {
	counts := []AttestedCount{}
	for _, facts := range f.Encryptions() {
		counts = append(counts, AttestedCount{
			Mode: string(facts.Mode), Algorithm: facts.Algorithm, KMSKeyID: facts.KMSKeyID,
			CustomerKeyMD5: facts.CustomerKeyMD5, Tally: *f.ByEncryption[facts],
		})
	}
	return counts
}
