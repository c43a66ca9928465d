// Package audit proves how the objects of a bucket are encrypted, remembers the proof, and has what
// is wrong rewritten.
//
// COS's listings say nothing about encryption, so the first proof costs one HEAD per object. What
// was seen is kept in a ledger, a sorted file of facts in an evidence bucket. The next audit is a
// merge join of the listing with the ledger: an object whose key, ETag, Last-Modified and size still
// are those of its row stays proven, and only what is new, changed or due is looked at. Whether a
// fact is right is decided at the join, so that another expectation costs no HEAD.
//
// Two cursors, one page of the listing and one part of the new ledger are in memory, whatever the
// bucket holds.
//
// [Run] is the audit; [Options] says of what and within which bounds; [Findings] is what was found,
// with [Findings.Complete] false wherever something was not looked at. An [Engine] rewrites objects;
// [Direct] is the one that copies each object onto itself. [Attestation] and [WriteReport] turn
// findings into documents.
//
// The package knows no Terraform and makes no request but by cosapi.
package audit
