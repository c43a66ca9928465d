package cosemu

import (
	"context"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestListedLags shows that listings show the state of a moment ago: neither later writes nor later
// deletes.
func TestListedLags(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := newStore(time.Hour)
	b := newBucket(plainBucket, farRegion, "", start)
	if err := s.addBucket(b); err != nil {
		t.Fatal(err)
	}
	write := func(key, etag string, second int) *version {
		v := &version{key: key, etag: etag}
		check(t, s.put(b, v, start.Add(time.Duration(second)*time.Second)))
		return v
	}
	write("b", "first", 0)
	write("b", "second", 10)
	a := write("a", "only", 10)
	check(t, s.remove(b, a, start.Add(20*time.Second)))
	for second, want := range map[int]string{
		-1: "", 0: "b:first ", 9: "b:first ", 10: "a:only b:second ", 20: "b:second ",
	} {
		got := ""
		c := b.from("")
		for o := c.next(); o != nil; o = c.next() {
			if v := o.listed(start.Add(time.Duration(second) * time.Second)); v != nil {
				got += v.key + ":" + v.etag + " "
			}
		}
		if got != want {
			t.Errorf("after %d s the listing is %q, want %q", second, got, want)
		}
	}
}

// TestHistoryIsKeptForLagOnly shows that a server without ListLag does not keep what is deleted.
func TestHistoryIsKeptForLagOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", objectContent)
	r.must(t, "DELETE", "/a", "")
	if holds(r.Server, objectContent) {
		t.Error("the deleted body is still held")
	}
}

// TestBlobReader shows ranges of a body in pieces against the same ranges of the whole.
func TestBlobReader(t *testing.T) {
	t.Parallel()
	const whole = "abcdefghij"
	b := blob{size: int64(len(whole)), pieces: []piece{
		memoryPiece("abc"), memoryPiece("d"), memoryPiece("efghij"),
	}}
	for off := range len(whole) + 1 {
		for n := range len(whole) - off + 1 {
			got, err := io.ReadAll(b.reader(int64(off), int64(n)))
			if err != nil || string(got) != whole[off:off+n] {
				t.Errorf("%d bytes from %d are %q: %v", n, off, got, err)
			}
		}
	}
}

// TestConcurrentRequests runs all kinds of requests on one key at once, for the race detector.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ListLag = time.Second })
	key := versionedHost + "/a"
	r.must(t, "PUT", key, objectContent)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for _, request := range []step{
				{method: "PUT", target: key, body: strconv.Itoa(i), status: 200},
				{method: "GET", target: key, status: 200},
				{method: "PUT", target: key + "?tagging", body: "<Tagging></Tagging>", status: 204},
				{method: "PUT", target: key, headers: []string{copyFrom(key), replaced}, status: 200},
				{method: "PUT", target: key + "?acl", headers: []string{"x-cos-acl: private"}, status: 200},
				{method: "PUT", target: versionedHost + "/?versioning", body: suspend, status: 200},
				{method: "HEAD", target: key, status: 200},
				{method: "PUT", target: versionedHost + "/?versioning", body: enable, status: 200},
				{method: "GET", target: versionedHost + "/?versions", status: 200},
				{method: "GET", target: versionedHost + "/", status: 200},
			} {
				r.run(t, request)
			}
			if err := r.SetObjectStorageClass(versionedBucket, "a", "standard_ia"); err != nil {
				t.Error(err)
			}
			if err := r.AgeObject(versionedBucket, "a", time.Second); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// TestReadsDuringChanges reads one version while its class and date change all the time, for the
// race detector.
func TestReadsDuringChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", objectContent)
	ctx, cancel := context.WithCancel(t.Context())
	var readers, writer sync.WaitGroup
	writer.Go(func() {
		for ctx.Err() == nil {
			if err := r.SetObjectStorageClass(plainBucket, "a", "standard_ia"); err != nil {
				t.Error(err)
			}
			if err := r.AgeObject(plainBucket, "a", time.Second); err != nil {
				t.Error(err)
			}
		}
	})
	since := "If-Unmodified-Since: Sun, 01 Mar 2026 12:00:00 GMT"
	copied := []string{copyFrom(plainHost + "/a"), "x-cos-copy-source-" + since}
	for range 4 {
		readers.Go(func() {
			for range 100 {
				r.run(t,
					step{method: "GET", target: "/a", headers: []string{since}, status: 200},
					step{method: "PUT", target: "/b", headers: copied, status: 200},
				)
			}
		})
	}
	readers.Wait()
	cancel()
	writer.Wait()
}
