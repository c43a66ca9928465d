package batch

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// intent is a job that is going to be created. It is stored before COS is asked, so that whoever
// comes next knows what a job with its token is about.
type intent struct {
	ID           string `json:"id"`
	Owner        string `json:"owner"`
	Operation    string `json:"operation"`
	Class        string `json:"class"`
	Metadata     string `json:"metadata"`
	Manifest     string `json:"manifest"` // its key
	ManifestETag string `json:"manifest_etag"`
	Count        int    `json:"count"` // of its rows
	// Cutoff spares objects that changed later.
	Cutoff time.Time `json:"cutoff"`
	// Default is the default encryption that the job counts on.
	Default cosapi.BucketEncryption `json:"default"`
	Trial   bool                    `json:"trial"`
}

// namespace makes this package's UUIDs its own.
const namespace = "terraform-provider-cos/batch"

// token is the UUID of version 5 of the intent's name: the same in every process.
func (e *Engine) token(in intent) string {
	sum := sha1.Sum([]byte(strings.Join(
		[]string{namespace, e.Bucket.Bucket, e.Prefix, in.Owner, in.ID}, "\x00")))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// description is how a job is found again: it carries the owner and the token.
func (e *Engine) description(in intent) string {
	return "terraform-provider-cos " + e.owner + " " + e.token(in)
}

// owns reports a job that some process of this engine created.
func (e *Engine) owns(job cosapi.Job) bool {
	return strings.HasPrefix(job.Description, "terraform-provider-cos "+e.owner+" ")
}

func newID() string { return strings.ToLower(rand.Text()) }

func (e *Engine) intents() string   { return e.folder() + "intents/" }
func (e *Engine) manifests() string { return e.folder() + "manifests/" }

func (e *Engine) intentRef(id string) cosapi.ObjectRef { return e.evidence(e.intents() + id + ".json") }

var stored = cosapi.WriteOptions{Encryption: cosapi.SSECOS{}}

// keep stores an intent.
func (e *Engine) keep(ctx context.Context, in intent) error {
	text, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encoding an intent: %w", err)
	}
	_, err = e.Client.Put(ctx, e.intentRef(in.ID), cosapi.BytesBody(text), cosapi.PutOptions{
		WriteOptions: stored,
	})
	return err
}

// forget removes an intent whose job has ended, and its list before it: an intent without a list is
// found again, a list without an intent as well.
func (e *Engine) forget(ctx context.Context, in intent) error {
	if _, err := e.Client.Delete(ctx, e.evidence(in.Manifest)); err != nil {
		return err
	}
	_, err := e.Client.Delete(ctx, e.intentRef(in.ID))
	return err
}

// maxIntent bounds what is read of an intent.
const maxIntent = 64 << 10

// stored intents of this engine. One that cannot be read as such is somebody else's file.
func (e *Engine) storedIntents(ctx context.Context) ([]intent, error) {
	keys, err := e.keysBelow(ctx, e.evidence(e.intents()))
	if err != nil {
		return nil, err
	}
	var intents []intent
	for _, key := range keys {
		content, _, err := e.Client.Content(ctx, e.evidence(key), nil, maxIntent)
		if cosapi.Classify(err) == cosapi.ClassNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		var in intent
		if json.Unmarshal(content, &in) != nil || in.Owner != e.owner ||
			e.intentRef(in.ID).Key != key || !strings.HasPrefix(in.Manifest, e.manifests()) {
			return nil, fmt.Errorf("%s is no intent of this provider: remove it by hand",
				e.evidence(key))
		}
		intents = append(intents, in)
	}
	return intents, nil
}

// keysBelow lists a folder.
func (e *Engine) keysBelow(ctx context.Context, folder cosapi.ObjectRef) ([]string, error) {
	options := cosapi.ListOptions{
		Region: folder.Region, Bucket: folder.Bucket, Prefix: folder.Key,
	}
	var keys []string
	for {
		page, err := e.Client.List(ctx, options)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Objects {
			keys = append(keys, object.Key)
		}
		if !page.Truncated || page.NextMarker <= options.Marker {
			return keys, nil
		}
		options.Marker = page.NextMarker
	}
}
