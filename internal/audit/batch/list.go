package batch

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// list is the list of a job on its way to the evidence.
type list struct {
	id     string
	key    string
	stream *cosapi.Stream
	rows   int
}

// Candidate is an object in violation.
type Candidate struct {
	Key          string
	Class        string
	Size         int64
	LastModified time.Time
	Mode         cosapi.Mode
}

// Takes reports whether a job could rewrite an object, as far as is known without a request. Jobs
// rewrite only what has no encryption at all: should the default encryption vanish under one, an
// encrypted object would become plain.
func (e *Engine) Takes(c Candidate) bool {
	class := strings.ToUpper(c.Class)
	if c.Mode != cosapi.ModeNone || c.Size > cosapi.MaxCopySize || !slices.Contains(classes, class) {
		return false
	}
	kinds := kindsOf(c.Key)
	if slices.Contains(kinds, KindOther) {
		return false
	}
	proof := e.proof(class)
	return proof == nil || proof.includes(kinds)
}

func (p *Proof) includes(kinds []Kind) bool {
	return !slices.ContainsFunc(kinds, func(kind Kind) bool { return !slices.Contains(p.Kinds, kind) })
}

// Collect gives an object to the next job of its class; false if a job must not have it after all.
// Requests are made with ctx, which must live until Run has ended.
func (e *Engine) Collect(ctx context.Context, c Candidate) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	class := strings.ToUpper(c.Class)
	switch proof := e.proof(class); {
	case e.cutoff.IsZero():
		return false, errTooEarly
	case !e.Takes(c) || proof == nil, c.LastModified.After(e.cutoff):
		return false, nil
	}
	open := e.lists[class]
	if open == nil {
		open = e.newList(ctx)
		e.lists[class] = open
	}
	if _, err := open.stream.Write([]byte(cosapi.ManifestRow(e.Bucket.Bucket, c.Key))); err != nil {
		return false, err
	}
	if open.rows++; open.rows < e.MaxObjects {
		return true, nil
	}
	return true, e.close(class)
}

func (e *Engine) newList(ctx context.Context) *list {
	id := newID()
	key := e.manifests() + id + ".csv"
	return &list{id: id, key: key, stream: e.Client.NewStream(ctx, e.evidence(key), stored, 0)}
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
		Metadata: e.proof(class).Metadata, Manifest: open.key, ManifestETag: result.ETag,
		Count: open.rows, Cutoff: e.cutoff, Default: e.standing,
	})
	return nil
}

// Abandon drops what was collected.
func (e *Engine) Abandon() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for class, open := range e.lists {
		_ = open.stream.Abort() // Recover removes what stays.
		delete(e.lists, class)
	}
	e.ready = nil
}
