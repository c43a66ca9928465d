// Package batch has COS Batch, COS's own distributed engine, rewrite what an audit found in
// violation: lists of objects go to COS, which copies each onto itself, and no byte and no request
// per object passes through here.
//
// COS's documents leave open whether any of that works: whether a job may copy an object onto
// itself, whether a copy takes the bucket's default encryption (the only way to a KMS key), how the
// keys of a list are decoded, what a constraint looks like. So the engine earns trust on the bucket
// itself. [Engine.Prove] makes a handful of objects, has a job rewrite them, and compares everything
// that must not change; what it could not prove is not done by jobs.
//
// Before a job is created, an intent is stored with the evidence. A process that was killed is
// continued by [Engine.Recover], which adopts the jobs of known intents and cancels all others that
// carry this engine's name. A job waits until its count of tasks is the intent's, and it carries the
// moment of the audit: an object that changed later is spared. So a job may be adopted at any time,
// and none needs to run twice.
//
// What jobs report is not believed: the next audit looks at every object that changed.
package batch
