package object_test

import (
	"fmt"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// foreignAct is something that somebody else does to the object.
type foreignAct struct {
	name string
	do   func(*modelWorld)
}

// randomAct chooses what somebody does.
func (h *history) randomAct() foreignAct {
	name, encryption := h.someEncryption()
	switch h.random.IntN(10) {
	case 0, 1, 2:
		return foreignAct{"writes " + name, func(w *modelWorld) {
			w.serial++
			w.put(w.bucket, modelKey, fmt.Sprintf("theirs %d", w.serial), encryption)
		}}
	case 3:
		return foreignAct{"writes the same bytes " + name, func(w *modelWorld) {
			w.put(w.bucket, modelKey, h.config.text, encryption)
		}}
	case 4, 5:
		return foreignAct{"re-encrypts with " + name, func(w *modelWorld) {
			w.copyOnto(encryption)
		}}
	case 6, 7:
		return foreignAct{"deletes", (*modelWorld).deleteObject}
	case 8:
		return foreignAct{"tags", func(w *modelWorld) {
			if _, found := w.Inspect(w.bucket, modelKey); found {
				w.check(w.colleague.PutTags(w.T.Context(), w.ref(),
					map[string]string{"theirs": "1"}))
			}
		}}
	default:
		return foreignAct{"sets the ACL", func(w *modelWorld) {
			if _, found := w.Inspect(w.bucket, modelKey); found {
				w.check(w.colleague.PutACL(w.T.Context(), w.ref(),
					cosapi.ACL{Canned: "authenticated-read"}))
			}
		}}
	}
}

func (h *history) someEncryption() (string, cosapi.Encryption) {
	key := func(text string) cosapi.Encryption { return cosapi.SSEC{Key: pt.MustKey(h.t, text)} }
	switch h.random.IntN(7) {
	case 0:
		return "without encryption", cosapi.NoEncryption{}
	case 1:
		return "SSE-COS", cosapi.SSECOS{Algorithm: "AES256"}
	case 2:
		return "SSE-KMS", cosapi.SSEKMS{KeyID: pt.OtherCMK}
	case 3:
		return "key A", key(pt.KeyA)
	case 4:
		return "key B", key(pt.KeyB)
	case 5:
		return "a foreign key", key(pt.KeyD)
	default:
		return "SSE-KMS, default key", cosapi.SSEKMS{}
	}
}

// lifecycle moves the object to another class, as a rule of the bucket does.
func (h *history) lifecycle() foreignAct {
	class := pick(h.random, []string{"STANDARD_IA", "STANDARD", "ARCHIVE"})
	return foreignAct{"moves the object to " + class, func(w *modelWorld) {
		if _, found := w.Inspect(w.bucket, modelKey); found {
			w.check(w.SetObjectStorageClass(w.bucket, modelKey, class))
		}
	}}
}

// act lets somebody do something now. Acts on the object itself count as changes; those on tags
// and ACL do not, because COS has no condition for them.
func (w *modelWorld) act(act foreignAct) {
	// What the provider did before is its own.
	w.resolve()
	before, found := w.Inspect(w.bucket, modelKey)
	w.advance(2)
	act.do(w)
	after, still := w.Inspect(w.bucket, modelKey)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events++
	w.disturbed, w.actedAt = true, w.events
	if found != still || !after.LastModified.Equal(before.LastModified) ||
		after.VersionID != before.VersionID {
		w.foreignAt = w.events
	}
	w.now = w.now.Add(2 * time.Second)
}

func (w *modelWorld) ref() cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: pt.Region, Bucket: w.bucket, Key: modelKey}
}

func (w *modelWorld) put(bucket, key, text string, encryption cosapi.Encryption) {
	ref := cosapi.ObjectRef{Region: pt.Region, Bucket: bucket, Key: key}
	_, err := w.colleague.Put(w.T.Context(), ref, cosapi.BytesBody([]byte(text)),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: encryption}})
	w.check(err)
}

// copyOnto re-encrypts the object where the colleague has its key.
func (w *modelWorld) copyOnto(encryption cosapi.Encryption) {
	stored, found := w.Inspect(w.bucket, modelKey)
	if !found || stored.StorageClass == "ARCHIVE" {
		return
	}
	source := cosapi.CopySource{Ref: w.ref(), Size: stored.Size}
	for _, text := range []string{pt.KeyA, pt.KeyB, pt.KeyC, pt.KeyD} {
		if key := pt.MustKey(w.T, text); key.MD5() == stored.KeyMD5 {
			source.Key = &key
		}
	}
	_, err := w.colleague.Copy(w.T.Context(), source, w.ref(), cosapi.CopyOptions{
		WriteOptions: cosapi.WriteOptions{Encryption: encryption}, KeepTags: true,
	})
	w.check(err)
}

func (w *modelWorld) deleteObject() {
	_, err := w.colleague.Delete(w.T.Context(), w.ref())
	w.check(err)
}

// check fails the test from whatever goroutine.
func (w *modelWorld) check(err error) {
	if err != nil {
		w.T.Errorf("somebody else failed: %v", err)
	}
}
