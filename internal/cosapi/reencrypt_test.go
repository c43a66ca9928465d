package cosapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// crowd is an emulator with somebody else, who acts once, right before a request of the client.
type crowd struct {
	*harness
	colleague *Client
	before    string
	act       atomic.Pointer[func()]
}

func newCrowd(t *testing.T, config cosemu.Config, adjust ...func(*Config)) *crowd {
	t.Helper()
	c := &crowd{}
	config.Before = func(op string, req *http.Request) {
		if op != c.before || req.UserAgent() == "colleague" {
			return
		}
		if act := c.act.Swap(nil); act != nil {
			(*act)()
		}
	}
	c.harness = startEmulator(t, config, adjust...)
	c.colleague = c.with(t, func(own *Config) { own.UserAgent = "colleague" })
	return c
}

// actsBefore has the colleague act once, right before the next request of an operation.
func (c *crowd) actsBefore(op string, act func()) {
	c.before = op
	c.act.Store(&act)
}

// full is everything that can be stored with an object.
func full(encryption Encryption) PutOptions {
	return PutOptions{WriteOptions: WriteOptions{
		Encryption: encryption, StorageClass: "STANDARD_IA",
		ACL: &ACL{Canned: "public-read"}, Tags: map[string]string{"team": "finance"},
		Headers: ObjectHeaders{
			ContentType: "text/plain", CacheControl: "no-store",
			Metadata: map[string]string{"owner": "anna"},
		},
	}}
}

// prepared is an old object with everything, as a HEAD shows it.
func (c *crowd) prepared(
	t *testing.T, bucket string, encryption Encryption, size int,
) (ObjectInfo, []byte) {
	t.Helper()
	ref, content := c.in(t, bucket, "k"), randomBytes(size)
	if _, err := c.Put(t.Context(), ref, BytesBody(content), full(encryption)); err != nil {
		t.Fatal(err)
	}
	if err := c.emulator.AgeObject(ref.Bucket, ref.Key, clockAge); err != nil {
		t.Fatal(err)
	}
	info := c.head(t, ref, readKey(encryption))
	c.emulator.ResetJournal()
	return info, content
}

func TestReencryptKeepsEverything(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 2 * minPartSize} {
		c := newCrowd(t, cosemu.Config{}, copyingByParts)
		all := c.encryptions(t)
		for from, before := range all {
			for to, after := range all {
				if size > 10 && from != "ssec" {
					continue
				}
				t.Run(from+" to "+to, func(t *testing.T) {
					info, content := c.prepared(t, c.bucket, before, size)
					result, err := c.Reencrypt(t.Context(), ReencryptionOf(info, readKey(before), after))
					if err != nil {
						t.Fatal(err)
					}
					ops := c.ops()
					if slices.Contains(ops, "PutObject") || size == 10 && len(ops) != 2 {
						t.Errorf("requests %v, want the ACL and a copy", ops)
					}
					got := c.head(t, info.Ref, readKey(after))
					if got.Encryption.Mode != after.Mode() || got.ETag != result.ETag {
						t.Errorf("stored with %s, ETag %s of %s", got.Encryption, got.ETag, result.ETag)
					}
					got.ETag, got.LastModified, got.Encryption = info.ETag, info.LastModified, info.Encryption
					got.RequestID = info.RequestID
					if diff := cmp.Diff(info, got); diff != "" {
						t.Error(diff)
					}
					c.hasTagsAndACL(t, info.Ref, "finance")
					c.holds(t, info.Ref, readKey(after), content)
				})
			}
		}
	}
}

func (c *crowd) hasTagsAndACL(t *testing.T, ref ObjectRef, team string) {
	t.Helper()
	tags, err := c.Tags(t.Context(), ref)
	if err != nil || tags["team"] != team {
		t.Errorf("tags %v, %v", tags, err)
	}
	if acl, err := c.ACL(t.Context(), ref); err != nil || acl.Canned != "public-read" {
		t.Errorf("ACL %+v, %v", acl, err)
	}
}

// TestReencryptSparesTheWorkOfOthers: whatever somebody does after the look stays as it is.
func TestReencryptSparesTheWorkOfOthers(t *testing.T) {
	t.Parallel()
	theirs := []byte("their bytes")
	deeds := map[string]func(*testing.T, *crowd, ObjectRef, []byte){
		"other bytes": func(t *testing.T, c *crowd, ref ObjectRef, _ []byte) {
			_, err := c.colleague.Put(t.Context(), ref, BytesBody(theirs), encrypted(SSECOS{}))
			failOn(t, err)
		},
		"other key": func(t *testing.T, c *crowd, ref ObjectRef, _ []byte) {
			_, err := c.colleague.Put(t.Context(), ref, BytesBody(theirs),
				encrypted(SSEC{Key: mustKey(t, otherKey)}))
			failOn(t, err)
		},
		"same bytes again": func(t *testing.T, c *crowd, ref ObjectRef, content []byte) {
			_, err := c.colleague.Put(t.Context(), ref, BytesBody(content), encrypted(SSECOS{}))
			failOn(t, err)
		},
		"deletion": func(t *testing.T, c *crowd, ref ObjectRef, _ []byte) {
			_, err := c.colleague.Delete(t.Context(), ref)
			failOn(t, err)
		},
	}
	for name, deed := range deeds {
		for _, before := range []string{"GetObjectACL", "PutObjectCopy"} {
			for _, bucket := range []string{testBucket, versionedTestBucket} {
				t.Run(strings.Join([]string{name, before, bucket}, " "), func(t *testing.T) {
					t.Parallel()
					c := newCrowd(t, cosemu.Config{})
					info, content := c.prepared(t, bucket, SSECOS{}, 10)
					c.actsBefore(before, func() { deed(t, c, info.Ref, content) })
					_, err := c.Reencrypt(t.Context(), ReencryptionOf(info, nil, SSEKMS{}))
					c.isSpared(t, info.Ref, err)
				})
			}
		}
	}
}

// isSpared checks that the copy failed because of somebody else, and left no trace.
func (c *crowd) isSpared(t *testing.T, ref ObjectRef, err error) {
	t.Helper()
	var changed *ChangedError
	if !errors.As(err, &changed) {
		t.Errorf("error %v, want that it changed", err)
	}
	found, err := c.Look(t.Context(), ref, Ask{Reason: true})
	if err != nil || found.Info.Encryption.Mode == ModeSSEKMS {
		t.Errorf("afterwards %+v, %v", found, err)
	}
	c.hasNoUploads(t)
}

func failOn(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// TestDateThatYieldsLosesNothing: where COS ignores the date beside a matching ETag, the bytes are
// the same, and what somebody else has set meanwhile is kept.
func TestDateThatYieldsLosesNothing(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cosemu.Config{Choices: cosemu.Choices{CopyDateYields: true}})
	info, content := c.prepared(t, testBucket, SSECOS{}, 10)
	c.actsBefore("GetObjectACL", func() {
		options := full(SSECOS{})
		options.Tags = map[string]string{"team": "legal"}
		_, err := c.colleague.Put(t.Context(), info.Ref, BytesBody(content), options)
		failOn(t, err)
	})
	if _, err := c.Reencrypt(t.Context(), ReencryptionOf(info, nil, SSEKMS{})); err != nil {
		t.Fatal(err)
	}
	c.hasTagsAndACL(t, info.Ref, "legal")
	c.holds(t, info.Ref, nil, content)
}

// TestDateIsDroppedForThePlannedObject: COS refuses, and a HEAD shows that nothing has changed.
func TestDateIsDroppedForThePlannedObject(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cosemu.Config{})
	info, content := c.prepared(t, testBucket, SSECOS{}, 10)
	c.emulator.AddFaults(cosemu.Fault{
		Op: "PutObjectCopy", Status: http.StatusPreconditionFailed, Code: "PreconditionFailed",
	})
	if _, err := c.Reencrypt(t.Context(), ReencryptionOf(info, nil, SSEKMS{})); err != nil {
		t.Fatal(err)
	}
	journal := c.emulator.Journal()
	const date = "x-cos-copy-source-if-unmodified-since"
	var dated []bool
	for _, entry := range journal {
		if entry.Op == "PutObjectCopy" {
			dated = append(dated, slices.ContainsFunc(entry.HeaderNames, func(name string) bool {
				return strings.EqualFold(name, date)
			}))
		}
	}
	if diff := cmp.Diff([]bool{true, false}, dated); diff != "" {
		t.Errorf("copies with a date: %s", diff)
	}
	want := []string{"GetObjectACL", "PutObjectCopy", headOp, "PutObjectCopy"}
	if diff := cmp.Diff(want, c.ops()); diff != "" {
		t.Error(diff)
	}
	c.holds(t, info.Ref, nil, content)
}

// TestLargeReencryptLooksRightBeforeComplete: hours may have gone by since the parts were copied.
func TestLargeReencryptLooksRightBeforeComplete(t *testing.T) {
	t.Parallel()
	theirs := []byte("theirs")
	for _, bucket := range []string{testBucket, versionedTestBucket} {
		t.Run(bucket, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, cosemu.Config{}, copyingByParts)
			key := mustKey(t, canaryKey)
			info, _ := c.prepared(t, bucket, SSEC{Key: key}, 2*minPartSize)
			c.actsBefore(headOp, func() {
				_, err := c.colleague.Put(t.Context(), info.Ref, BytesBody(theirs), encrypted(SSECOS{}))
				failOn(t, err)
			})
			_, err := c.Reencrypt(t.Context(), ReencryptionOf(info, &key, SSEKMS{}))
			c.isSpared(t, info.Ref, err)
			c.holds(t, info.Ref, nil, theirs)
		})
	}
}

// TestReencryptOfAHiddenObject looks first where nothing that COS could compare may be kept.
func TestReencryptOfAHiddenObject(t *testing.T) {
	t.Parallel()
	acl := []string{"GetObjectACL"}
	for name, test := range map[string]struct {
		hide func(*Seen)
		ops  []string
	}{
		"etag":          {func(s *Seen) { s.ETag = "" }, join(acl, []string{"PutObjectCopy"})},
		"etag and date": {func(s *Seen) { s.ETag, s.LastModified = "", s.AnsweredAt }, join(acl, []string{headOp, "PutObjectCopy"})},
		"size":          {func(s *Seen) { s.Size = -1 }, join(acl, []string{headOp, "PutObjectCopy"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, cosemu.Config{})
			info, content := c.prepared(t, testBucket, SSECOS{}, 10)
			r := ReencryptionOf(info, nil, SSEKMS{})
			test.hide(&r.Planned)
			if _, err := c.Reencrypt(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.ops, c.ops()); diff != "" {
				t.Error(diff)
			}
			c.holds(t, info.Ref, nil, content)
		})
	}
}

// TestReencryptAfterAnUpload: its answer has no Last-Modified, so the moment stands in for it.
func TestReencryptAfterAnUpload(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cosemu.Config{})
	ref := c.ref(t, "k")
	written := c.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
	_, err := c.Reencrypt(context.Background(), Reencryption{
		Ref: ref, Planned: Seen{ETag: written.ETag, AnsweredAt: c.Now(), Size: written.Size},
		KeepTags: true, Store: WriteOptions{Encryption: SSEKMS{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.holds(t, ref, nil, []byte(sample))
}
