package batch

import (
	"context"
	"slices"
	"strings"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// list is the list of a job on its way to the evidence.
type list struct {
	id     string
	key    string
	stream *cosapi.Stream
	// metadata is the directive that was proven.
	metadata string
	rows     int
}

// Takes reports whether a job could rewrite an object, as far as is known without a request. Jobs
// rewrite only what has no encryption at all: should the default encryption vanish under one, an
// encrypted object would become plain.
func (e *Engine) Takes(c audit.Candidate) bool {
	class := strings.ToUpper(c.StorageClass)
	if e.Idle || c.Found.Mode != cosapi.ModeNone || c.Size > cosapi.MaxCopySize || !slices.Contains(classes, class) {
		return false
	}
	kinds := kindsOf(c.Ref.Key)
	if slices.Contains(kinds, KindOther) {
		return false
	}
	proof := e.proof(class)
	return proof == nil || proof.includes(kinds)
}

func (p *Proof) includes(kinds []Kind) bool {
	return !slices.ContainsFunc(kinds, func(kind Kind) bool { return !slices.Contains(p.Kinds, kind) })
}

// Name implements audit.Engine.
func (*Engine) Name() string { return "batch" }

// Remote implements audit.Remote.
func (*Engine) Remote() {}

// taskCost is what COS bills for a task, and the look at its object afterwards: a copy is one GET and
// one PUT (document 10881). What COS bills for jobs beside that is not known here.
const taskCost = 3

// Cost implements audit.Engine.
func (*Engine) Cost(audit.Candidate) int64 { return taskCost }

// Rewrite implements audit.Engine: the object is given to the next job of its class. Which objects a
// job could not have after all is for another engine to find. Prove comes before it, and Run after.
func (e *Engine) Rewrite(_ context.Context, c audit.Candidate) (audit.Outcome, error) {
	_, err := e.collect(c)
	return audit.Outcome{State: audit.Deferred}, err
}

// collect reports false for an object that a job must not have.
func (e *Engine) collect(c audit.Candidate) (bool, error) {
	if e.cutoff.IsZero() {
		return false, errTooEarly
	}
	if !e.Takes(c) || c.LastModified.After(e.cutoff) {
		return false, nil
	}
	class := strings.ToUpper(c.StorageClass)
	proof, err := e.provenNow(e.ctx, class)
	switch {
	case IsRefused(err) && e.strictness == Auto:
		return false, nil
	case err != nil:
		return false, err
	case proof == nil || !proof.includes(kindsOf(c.Ref.Key)):
		return false, nil
	}
	return true, e.add(c, *proof)
}

// add writes an object to the list of its class, and closes a list that is full.
func (e *Engine) add(c audit.Candidate, proof Proof) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	open := e.lists[proof.Class]
	if open == nil {
		open = e.newList()
		open.metadata = proof.Metadata
		e.lists[proof.Class] = open
	}
	_, err := open.stream.Write([]byte(cosapi.ManifestRow(e.Bucket.Bucket, c.Ref.Key)))
	if open.rows++; err != nil || open.rows < e.MaxObjects {
		return err
	}
	return e.close(proof.Class)
}

func (e *Engine) newList() *list {
	id := newID()
	key := e.manifests() + id + ".csv"
	return &list{id: id, key: key, stream: e.Client.NewStream(e.ctx, e.evidence(key), stored, 0)}
}

// close stores the list of a class and makes it an intent that is ready to be kept.
func (e *Engine) close(class string) error {
	open := e.lists[class]
	delete(e.lists, class)
	result, err := open.stream.Close()
	if err != nil {
		return err
	}
	e.ready = append(e.ready, intent{
		ID: open.id, Owner: e.owner, Operation: e.operation, Class: class,
		Metadata: open.metadata, Manifest: open.key, ManifestETag: result.ETag,
		Count: open.rows, Cutoff: e.cutoff, Default: e.standing,
	})
	return nil
}

// Abandon drops what was given to jobs that have not been created.
func (e *Engine) Abandon() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for class, open := range e.lists {
		_ = open.stream.Abort() // Recover removes what stays here and below.
		delete(e.lists, class)
	}
	if len(e.ready) == 0 {
		return
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), cleanPatience)
	defer cancel()
	for _, in := range e.ready {
		_, _ = e.Client.Delete(own, e.evidence(in.Manifest))
	}
	e.ready = nil
}
