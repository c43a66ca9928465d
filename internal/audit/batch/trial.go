package batch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Prove has a job rewrite a handful of objects of each class that is named and of which nothing is
// known; other classes are tried when their first object comes. It must have been called before
// anything is given to jobs, and before what they are given was listed. ctx must live until Run has
// ended. A *RefusedError says that jobs cannot do it on this bucket, and what they did instead.
// Objects of trials are deleted.
func (e *Engine) Prove(ctx context.Context, wanted ...string) error {
	if err := e.readDefault(ctx); err != nil {
		return err
	}
	for _, class := range wanted {
		if _, err := e.provenNow(ctx, class); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ctx = ctx
	e.cutoff = e.Client.Now().Add(-clockMargin).Truncate(time.Second)
	return nil
}

// prove tries the directives with which a copy onto itself may be carried out.
func (e *Engine) prove(ctx context.Context, class string) error {
	var tried []error
	for _, metadata := range []string{cosapi.MetadataAdd, cosapi.MetadataCopy} {
		kinds, err := e.try(ctx, class, metadata)
		var failed *trialError
		switch {
		case errors.As(err, &failed):
			tried = append(tried, fmt.Errorf("with MetadataDirective %s %w", metadata, err))
			if failed.final {
				return refused("a trial on "+class+" objects failed", errors.Join(tried...))
			}
		case err != nil:
			return err
		default:
			e.setProof(Proof{
				Class: class, Operation: e.operation, Default: e.standing, Metadata: metadata,
				Kinds: kinds, At: e.Client.Now(),
			})
			return nil
		}
	}
	return refused("a trial on "+class+" objects failed", errors.Join(tried...))
}

// trialError is a trial that showed what does not work. final: no directive would change it.
type trialError struct {
	why   string
	final bool
}

func (e *trialError) Error() string { return e.why }

// trial is one attempt.
type trial struct {
	*Engine
	folder string
	intent intent
	listed []canary // that the job is given, the one that changed late among them
	decoys []canary
	late   canary
}

// canary is an object of a trial, as it was before the job.
type canary struct {
	kind Kind
	before
}

// before is all of an object that a rewrite must keep, and its encryption.
type before struct {
	info cosapi.ObjectInfo
	acl  cosapi.ACL
	tags map[string]string
}

// try makes one attempt and removes what it made.
func (e *Engine) try(ctx context.Context, class, metadata string) ([]Kind, error) {
	id := newID()
	t := &trial{Engine: e, folder: e.trials() + id + "/", intent: intent{
		ID: id, Owner: e.owner, Operation: e.operation, Class: class, Metadata: metadata,
		Manifest: e.manifests() + id + ".csv", Default: e.standing, Trial: true,
	}}
	kinds, err := t.run(ctx)
	// What a trial made goes, also when the caller's time is over.
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
	defer cancel()
	if removeErr := e.removeTrials(own); err == nil {
		err = removeErr
	}
	return kinds, err
}

const cleanPatience = time.Minute

func (t *trial) run(ctx context.Context) ([]Kind, error) {
	if err := t.makeObjects(ctx); err != nil {
		return nil, err
	}
	job, err := t.runJob(ctx)
	if err != nil {
		return nil, err
	}
	if job.Status != cosapi.JobComplete {
		return nil, &trialError{why: describeEnd(job)}
	}
	return t.compare(ctx, job)
}

// source is an encryption that objects of the trial have before, other than the wanted one. A bucket
// with a default encryption cannot hold a plain object that is new.
func (t *trial) source() cosapi.Encryption {
	switch {
	case kmsKeyOf(t.operation) != "":
		return cosapi.SSECOS{}
	case t.standing.Algorithm == "" && t.known:
		return cosapi.NoEncryption{}
	}
	return cosapi.SSECOS{Algorithm: "SM4"}
}

// makeObjects makes specimens and decoys, and changes one after the moment that the job is told.
func (t *trial) makeObjects(ctx context.Context) error {
	for i, specimen := range specimens {
		made, err := t.put(ctx, specimen.kind, specimen.key, i)
		if err != nil {
			return err
		}
		t.listed = append(t.listed, made)
	}
	for i, key := range decoys {
		made, err := t.put(ctx, KindPlain, key, i)
		if err != nil {
			return err
		}
		t.decoys = append(t.decoys, made)
		t.intent.Cutoff = made.info.LastModified
	}
	if err := t.changeLate(ctx); err != nil {
		return err
	}
	t.listed = append(t.listed, t.late)
	return t.list(ctx)
}

// lateTries bounds the waiting for COS's clock to move on by a second.
const lateTries = 10

// changeLate writes an object after the moment that spares it.
func (t *trial) changeLate(ctx context.Context) error {
	for range lateTries {
		made, err := t.put(ctx, KindPlain, "changed-late", len(specimens))
		if err != nil {
			return err
		}
		if t.late = made; made.info.LastModified.After(t.intent.Cutoff) {
			return nil
		}
		if err := t.Sleep(ctx, clockMargin); err != nil {
			return err
		}
	}
	return &trialError{why: "COS's clock stands still", final: true}
}

// put makes one object, with everything that a rewrite could lose.
func (t *trial) put(ctx context.Context, kind Kind, name string, n int) (canary, error) {
	mark := strconv.Itoa(n)
	ref := t.object(t.folder + name)
	options := cosapi.WriteOptions{
		Encryption: t.source(), StorageClass: t.intent.Class, Tags: map[string]string{"canary": mark},
		Headers: cosapi.ObjectHeaders{
			ContentType: "application/x-canary-" + mark, CacheControl: "max-age=" + mark,
			Metadata: map[string]string{"canary": mark},
		},
	}
	if n%2 == 0 {
		options.ACL = &cosapi.ACL{Canned: "private"}
	}
	_, err := t.Client.Put(ctx, ref, cosapi.BytesBody([]byte(name)), cosapi.PutOptions{
		WriteOptions: options,
	})
	if err != nil {
		return canary{}, cannotTry(ref, err)
	}
	found, err := t.look(ctx, ref)
	return canary{kind: kind, before: found}, cannotTry(ref, err)
}

// cannotTry makes what forbids a trial a refusal, and leaves other failures as they are.
func cannotTry(ref cosapi.ObjectRef, err error) error {
	var mismatch *cosapi.EncryptionMismatchError
	switch class := cosapi.Classify(err); {
	case err == nil:
		return nil
	case class == cosapi.ClassPermission, class == cosapi.ClassInvalid, class == cosapi.ClassKMS,
		errors.As(err, &mismatch):
		return refused("a trial cannot be made: "+ref.String(), err)
	}
	return err
}

// look reads everything that must not change.
func (t *trial) look(ctx context.Context, ref cosapi.ObjectRef) (before, error) {
	info, err := t.Client.Head(ctx, ref, nil)
	if err != nil {
		return before{}, err
	}
	acl, err := t.Client.ACL(ctx, ref)
	if err != nil {
		return before{}, err
	}
	tags, err := t.Client.Tags(ctx, ref)
	return before{info: info, acl: acl, tags: tags}, err
}

// list stores the list of the trial.
func (t *trial) list(ctx context.Context) error {
	var rows strings.Builder
	for _, one := range t.listed {
		rows.WriteString(cosapi.ManifestRow(t.Bucket.Bucket, one.info.Ref.Key))
	}
	result, err := t.Client.Put(ctx, t.evidence(t.intent.Manifest),
		cosapi.BytesBody([]byte(rows.String())), cosapi.PutOptions{WriteOptions: stored})
	t.intent.ManifestETag, t.intent.Count = result.ETag, len(t.listed)
	return err
}

// runJob has the job of the trial run, and forgets its intent once it has ended.
func (t *trial) runJob(ctx context.Context) (cosapi.Job, error) {
	job, err := t.runToEnd(ctx, t.intent)
	if err != nil {
		return job, err
	}
	return job, t.forget(ctx, t.intent)
}

// compare says which kinds of keys arrived, after looking at everything.
func (t *trial) compare(ctx context.Context, job cosapi.Job) ([]Kind, error) {
	var kinds []Kind
	for _, one := range t.listed {
		if one.info.Ref == t.late.info.Ref {
			continue
		}
		why, err := t.whatIsWrong(ctx, one)
		switch {
		case err != nil:
			return nil, err
		case why == "":
			kinds = append(kinds, one.kind)
		case one.kind == KindPlain:
			return nil, &trialError{why: why + t.reported(ctx, job), final: lost(why)}
		}
	}
	if touched, err := t.touched(ctx, t.late); touched || err != nil {
		return nil, orTrial(err, "an object that changed after UnModifiedSinceConstraint was rewritten")
	}
	for _, decoy := range t.decoys {
		touched, err := t.touched(ctx, decoy)
		if err != nil {
			return nil, err
		}
		if touched {
			return []Kind{KindPlain}, nil // Keys are decoded otherwise than ours are encoded.
		}
	}
	return kinds, nil
}

func orTrial(err error, why string) error {
	if err != nil {
		return err
	}
	return &trialError{why: why, final: true}
}

// reported adds what the job's report says, where there is one.
func (t *trial) reported(ctx context.Context, job cosapi.Job) string {
	if job.Failed <= 1 {
		return ""
	}
	return " (" + strings.Join(t.explain(ctx, job), "; ") + ")"
}

const somethingLost = "a rewrite lost "

func lost(why string) bool { return strings.HasPrefix(why, somethingLost) }

// whatIsWrong compares an object with what it was and should have become; "" if all is right.
func (t *trial) whatIsWrong(ctx context.Context, one canary) (string, error) {
	now, err := t.look(ctx, one.info.Ref)
	if cosapi.Classify(err) == cosapi.ClassNotFound {
		return somethingLost + "the object itself", nil
	}
	if err != nil {
		return "", err
	}
	was := one.before
	switch {
	case now.info.CRC64 != was.info.CRC64 || now.info.Size != was.info.Size:
		return somethingLost + "bytes", nil
	case now.info.StorageClass != was.info.StorageClass:
		return somethingLost + "the storage class", nil
	case now.info.Headers.ContentType != was.info.Headers.ContentType:
		return somethingLost + "the content type", nil
	case now.info.Headers.CacheControl != was.info.Headers.CacheControl:
		return somethingLost + "headers", nil
	case !maps.Equal(now.info.Headers.Metadata, was.info.Headers.Metadata):
		return somethingLost + "metadata", nil
	case !maps.Equal(now.tags, was.tags):
		return somethingLost + "tags", nil
	case !sameACL(now.acl, was.acl):
		return somethingLost + "the ACL", nil
	case !satisfies(now.info.Encryption, t.Wanted):
		return "an object stayed " + now.info.Encryption.String(), nil
	}
	return "", nil
}

func sameACL(a, b cosapi.ACL) bool {
	return a.IsDefault() && b.IsDefault() || fmt.Sprint(a) == fmt.Sprint(b)
}

// touched reports an object that is not as it was.
func (t *trial) touched(ctx context.Context, one canary) (bool, error) {
	now, err := t.Client.Head(ctx, one.info.Ref, nil)
	if cosapi.Classify(err) == cosapi.ClassNotFound {
		return true, nil
	}
	return now.ETag != one.info.ETag || !now.LastModified.Equal(one.info.LastModified), err
}

// satisfies compares what COS reports with what is wanted.
func satisfies(facts, wanted cosapi.EncryptionStatus) bool {
	switch {
	case facts.Mode != wanted.Mode:
		return false
	case wanted.Mode == cosapi.ModeSSECOS:
		return strings.EqualFold(facts.Algorithm, operationAES256)
	}
	return strings.EqualFold(facts.KMSKeyID, wanted.KMSKeyID)
}
