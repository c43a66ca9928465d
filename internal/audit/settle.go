package audit

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// maxFailures is how many errors of rewrites are kept.
const maxFailures = 5

// judge compares an object with the expectation and finds who may rewrite it.
func (r *run) judge(it *item) {
	if it.Excluded || it.gone || it.Unknown != "" || it.isOpen() {
		return
	}
	it.Violation = r.Expectation.Violation(it.Found)
	if it.Violation == "" || len(r.Engines) == 0 {
		return
	}
	it.Blocked = r.blocked(it)
	if it.Blocked != "" {
		return
	}
	for _, engine := range r.Engines {
		if engine.Takes(r.candidate(it)) {
			it.engine = engine
			return
		}
	}
	it.Blocked = ReasonTooLarge
}

// isOpen reports an object for which the budget did not reach.
func (it *item) isOpen() bool {
	return !it.Excluded && !it.gone && it.Unknown == "" && it.Found == UnknownEncryption
}

// blocked says why an object cannot be rewritten.
func (r *run) blocked(it *item) Reason {
	_, _, keyAtHand := r.Keyring.ByMD5(it.Found.CustomerKeyMD5)
	switch {
	case !it.Listed.IsLatest:
		return ReasonNoncurrent
	case it.refusal.isAnswer() && r.Rewrite != nil && r.Rewrite.Retry:
		return ""
	case it.refusal != "":
		return it.refusal
	case cosapi.Archived(it.Listed.StorageClass) && !it.Restored:
		return ReasonArchived
	case it.Found.Mode == cosapi.ModeSSEC && !keyAtHand:
		return ReasonCustomerKey
	}
	return ""
}

func (r *run) candidate(it *item) Candidate {
	ref := r.ref(it.Listed)
	ref.VersionID = "" // A rewrite is of what is current.
	return Candidate{
		Ref: ref, ETag: it.Listed.ETag, LastModified: it.Listed.LastModified,
		Size: it.Listed.Size, StorageClass: it.Listed.StorageClass, Found: it.Found,
	}
}

// mayRewrite reports whether the plan has shown that the object would be rewritten, and counts it.
func (r *run) mayRewrite(it *item) bool {
	if it.engine == nil || r.rewrites >= r.Rewrite.Max || !r.planned(it) {
		return false
	}
	r.rewrites++
	return true
}

// planned reports an object that the planned audit found in violation, and that is unchanged.
func (r *run) planned(it *item) bool {
	if r.Rewrite.Planned {
		return it.last != nil && r.Expectation.Violation(it.last.facts) != ""
	}
	// An encryption changes only by a rewrite, which moves Last-Modified.
	return it.Listed.LastModified.Before(r.Rewrite.PlannedAt)
}

// rewrite has one object rewritten.
func (r *run) rewrite(ctx context.Context, it *item) error {
	candidate := r.candidate(it)
	cost := it.engine.Cost(candidate)
	if _, remote := it.engine.(Remote); remote {
		cost = 0
	}
	if !r.meter.spend(ctx, cost) {
		return nil
	}
	outcome, err := it.engine.Rewrite(ctx, candidate)
	if err != nil {
		return err
	}
	it.outcome = &outcome
	return nil
}

// settle counts an object and writes its row.
func (r *run) settle(it *item) {
	switch {
	case it.gone:
		r.found.Vanished++
		r.changed = true
		return
	case it.Excluded:
		r.found.Excluded.add(it.Listed.Size)
		r.visit(it)
		return
	}
	before := *it
	r.afterRewrite(it)
	r.record(it)
	if r.Versions && it.versioned && it.outcome != nil && it.outcome.State == Rewritten {
		// What was rewritten is an earlier version now.
		before.outcome, before.engine = nil, nil
		before.Listed.IsLatest, before.Blocked = false, ReasonNoncurrent
		r.record(&before)
	}
}

// record counts an object as it is now, and writes its row.
func (r *run) record(it *item) {
	r.count(it)
	r.digest(it)
	r.keepRow(it)
	r.visit(it)
}

// afterRewrite makes the object what the engine made of it.
func (r *run) afterRewrite(it *item) {
	if it.outcome == nil {
		return
	}
	switch it.outcome.State {
	case Rewritten:
		r.found.Rewritten.add(it.Listed.Size)
		it.Listed.ETag, it.Listed.LastModified = it.outcome.Result.ETag, it.outcome.Result.LastModified
		if r.Versions {
			it.Listed.VersionID = it.outcome.Result.VersionID
		}
		it.Found, it.looked = it.outcome.Result.Encryption, r.Client.Now().Unix()
		it.refusal = ""
		it.Violation, it.engine, it.last = r.Expectation.Violation(it.Found), nil, nil
		if it.Violation != "" {
			// COS did what it was asked and reports something else: asking again changes nothing.
			it.refusal, it.Blocked = ReasonError, ReasonError
		}
		if r.prints != nil {
			it.print = r.prints.of(it.Listed)
		}
	case Changed:
		r.found.Changed++
		it.Opened = false // What it is now is for the next audit to say.
	case Blocked:
		it.Blocked, it.engine = it.outcome.Reason, nil
		it.refusal, it.last = it.outcome.Reason, nil // its row says so from now on
	case Deferred:
		r.found.Deferred++
	}
	if err := it.outcome.Err; err != nil && len(r.found.Failures) < maxFailures {
		r.found.Failures = append(r.found.Failures, fmt.Sprintf("%s: %v",
			EncodeKey(it.Listed.Key), err))
	}
}

// count adds an object to the findings.
func (r *run) count(it *item) {
	f, size := r.found, it.Listed.Size
	f.Total.add(size)
	group(f.ByEncryption, it.Found, OtherEncryption, size)
	group(f.ByClass, it.Listed.StorageClass, Other, size)
	group(f.ByFolder, folderOf(r.Prefix, it.Listed.Key), Other, size)
	if !it.Namable {
		f.Unnamable++
		if len(f.UnnamableKeys) < maxSamples {
			f.UnnamableKeys = append(f.UnnamableKeys, EncodeKey(it.Listed.Key))
		}
	}
	if it.tried {
		f.Heads++
	} else if it.Opened {
		f.Proven++
	}
	switch {
	case it.isOpen():
		f.Unknown.add(size)
		f.NotLooked++
	case it.Unknown != "":
		f.Unknown.add(size)
		f.UnknownBy[it.Unknown]++
		r.block(it.Unknown, size)
	case it.Violation != "":
		f.Violations.add(size)
		r.countViolation(it)
	}
}

// block counts what nothing will be done about. The reasons for not knowing are denied and error.
func (r *run) block(why Reason, size int64) {
	if len(r.Engines) == 0 {
		return
	}
	switch why {
	case reasonChanging, reasonVanished, reasonKey:
		why = ReasonError
	}
	group(r.found.Blocked, why, ReasonError, size)
}

func (r *run) countViolation(it *item) {
	if len(r.found.Samples) < maxSamples {
		r.found.Samples = append(r.found.Samples, Sample{
			Key: shownKey(it.Object), VersionID: it.Listed.VersionID, Size: it.Listed.Size,
			Found: it.Found, Problem: it.Violation, Blocked: it.Blocked,
		})
	}
	switch {
	case it.Blocked != "":
		r.block(it.Blocked, it.Listed.Size)
	case it.engine != nil:
		bill := &r.found.Pending
		bill.add(it.Listed.Size)
		bill.Requests += it.engine.Cost(r.candidate(it))
		bill.ByEngine[it.engine.Name()]++
		if it.versioned {
			bill.NewVersions++
		}
		if mayCostEarly(it.Listed.StorageClass) {
			bill.Early++
		}
	}
}

// shownKey is an object's key, percent-encoded where Terraform cannot carry it.
func shownKey(o Object) string {
	if o.Namable {
		return o.Listed.Key
	}
	return EncodeKey(o.Listed.Key)
}

// ShownKey is the object's key, percent-encoded where Terraform cannot carry it.
func (o Object) ShownKey() string { return shownKey(o) }

// digest covers what was listed and found, so that an attestation names it.
func (r *run) digest(it *item) {
	var scratch [512]byte
	text := scratch[:0]
	for _, part := range []string{
		it.Listed.Key, it.Listed.VersionID, it.Listed.ETag, string(it.Found.Mode),
		it.Found.Algorithm, it.Found.KMSKeyID, it.Found.CustomerKeyMD5,
	} {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	text = binary.AppendVarint(text, it.Listed.LastModified.Unix())
	r.listing.Write(binary.AppendVarint(text, it.Listed.Size))
}

// keepRow writes what is known of an object into the next ledger. What was not seen is not kept,
// but for a row that still stands and was only to be looked at again.
func (r *run) keepRow(it *item) {
	if r.prints == nil {
		return
	}
	switch {
	case !it.look && it.outcome == nil:
		r.keep(*it.last)
	case it.isOpen() && it.last != nil:
		r.keep(*it.last)
	case it.Opened && !it.Listed.LastModified.IsZero():
		r.changed = true
		r.keep(row{
			key: it.Listed.Key, version: it.Listed.VersionID, print: r.prints.of(it.Listed),
			facts: it.Found, modified: it.Listed.LastModified.Unix(), looked: it.looked,
			replica: it.replica, versioned: it.versioned, block: it.refusal,
		})
	case it.last != nil:
		r.changed = true
	}
}

func (r *run) visit(it *item) {
	if r.Visit != nil {
		r.Visit(it.Object)
	}
}
