package cosapi

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// ListRefresher tells of many objects whether they are as they were, with one listing per 1,000
// keys instead of one HEAD each. It belongs to one run and is safe for concurrent use.
//
// Callers ask one key at a time and in any order, so the refresher cannot know what will be asked.
// It lists from the smallest key that somebody waits for onwards: such a page answers that key, so
// it never costs more than the HEAD it replaces, and usually it answers keys to come. Once pages
// have answered more keys than there were pages, or a page has reached the end of the bucket, a
// page may start where the key's folder starts.
//
// Listings may lag behind (document 7734), so only "unchanged" is an answer. Whatever looks
// different, and what is missing, is for a HEAD to find out.
type ListRefresher struct {
	client *Client

	mu      sync.Mutex
	buckets map[string]*listedBucket
}

// Known is what the last HEAD of an object said, and when it was made.
type Known struct {
	ETag         string // without quotes
	Size         int64  // bytes; negative if unknown
	LastModified time.Time
	StorageClass string
	HeadAt       time.Time
}

// listingLag is how fresh an object may be for a listing to miss a change of it: Last-Modified is
// in whole seconds, and two writes within one look alike.
const listingLag = 5 * time.Second

// NewListRefresher returns a refresher that has listed nothing.
func NewListRefresher(client *Client) *ListRefresher {
	return &ListRefresher{client: client, buckets: map[string]*listedBucket{}}
}

// Unchanged reports that an object is certainly as the last HEAD saw it. False means that only a
// HEAD can tell, and so does an error, which is that of the listing.
func (r *ListRefresher) Unchanged(
	ctx context.Context, ref ObjectRef, known Known,
) (bool, error) {
	if known.ETag == "" || known.HeadAt.Sub(known.LastModified) < listingLag {
		return false, nil
	}
	object, found, err := r.bucket(ref).ask(ctx, r.client, ref)
	if err != nil || !found {
		return false, err
	}
	class := orDefault(object.StorageClass, known.StorageClass)
	return object.ETag == known.ETag && (known.Size < 0 || object.Size == known.Size) &&
		object.LastModified.Truncate(time.Second).Equal(known.LastModified.Truncate(time.Second)) &&
		strings.EqualFold(class, known.StorageClass), nil
}

func (r *ListRefresher) bucket(ref ObjectRef) *listedBucket {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := ref.Bucket + "@" + ref.Region
	if r.buckets[name] == nil {
		r.buckets[name] = &listedBucket{
			objects: map[string]ListedObject{}, waiting: map[string]int{},
			news: make(chan struct{}),
		}
	}
	return r.buckets[name]
}

// listedBucket is what is known of one bucket so far.
type listedBucket struct {
	mu      sync.Mutex
	objects map[string]ListedObject
	covered []keyRange
	// waiting are the keys that nobody has an answer for yet.
	waiting map[string]int
	// listing: a page is under way. news is closed when it has come.
	listing bool
	news    chan struct{}
	// cancel ends the page under way.
	cancel context.CancelFunc
	// pages were listed and answered keys were answered by them.
	pages, answered int
	// ended: a page has reached the end of the bucket.
	ended bool
	err   error
}

// keyRange are the keys behind after, up to and including last; with open, without an end.
type keyRange struct {
	after, last string
	open        bool
}

func (k keyRange) contains(key string) bool {
	return key > k.after && (k.open || key <= k.last)
}

// ask waits until the listing covers a key. One caller at a time lists.
func (b *listedBucket) ask(
	ctx context.Context, client *Client, ref ObjectRef,
) (ListedObject, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting[ref.Key]++
	defer b.leave(ref.Key)
	for {
		switch {
		case b.covers(ref.Key):
			object, found := b.objects[ref.Key]
			b.answered++
			return object, found, nil
		case b.isOutOfReach(ref.Key):
			return ListedObject{}, false, nil
		case b.err != nil:
			return ListedObject{}, false, b.err
		case !b.listing:
			b.startPage(ctx, client, ref)
		}
		if err := b.wait(ctx); err != nil {
			return ListedObject{}, false, err
		}
	}
}

// leave ends the page under way when nobody waits for it any more.
func (b *listedBucket) leave(key string) {
	if b.waiting[key]--; b.waiting[key] == 0 {
		delete(b.waiting, key)
	}
	if len(b.waiting) == 0 && b.listing {
		b.cancel()
	}
}

// isOutOfReach reports a key that the page meant for it did not cover, because it was empty or
// could not start near enough. A second one would be no better.
func (b *listedBucket) isOutOfReach(key string) bool {
	return !b.covers(key) && b.startsAt(justBefore(key))
}

func (b *listedBucket) covers(key string) bool {
	for _, covered := range b.covered {
		if covered.contains(key) {
			return true
		}
	}
	return false
}

// wait releases the lock until the page under way has come.
func (b *listedBucket) wait(ctx context.Context) error {
	news := b.news
	b.mu.Unlock()
	defer b.mu.Lock()
	select {
	case <-news:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startPage has the next page fetched. A caller that gives up neither waits for it nor ends it for
// the others.
func (b *listedBucket) startPage(ctx context.Context, client *Client, ref ObjectRef) {
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	b.listing = true
	go b.list(ctx, b.cancel, client, ListOptions{
		Region: ref.Region, Bucket: ref.Bucket, Marker: b.nextMarker(),
	})
}

// list fetches a page. One that fails ends listing for the run: HEADs do as well.
func (b *listedBucket) list(
	ctx context.Context, cancel context.CancelFunc, client *Client, options ListOptions,
) {
	defer cancel()
	page, err := client.List(ctx, options)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listing = false
	b.pages++
	switch {
	case err == nil:
		b.add(options.Marker, page)
	case ctx.Err() == nil:
		b.err = err
	}
	close(b.news)
	b.news = make(chan struct{})
}

func (b *listedBucket) add(marker string, page ListPage) {
	covered := keyRange{after: marker, open: !page.Truncated}
	for _, object := range page.Objects {
		b.objects[object.Key] = object
		covered.last = object.Key
	}
	b.ended = b.ended || covered.open
	b.covered = append(b.covered, covered)
}

// nextMarker is where the next page starts: just before the smallest key that somebody waits for,
// or at the start of its folder where an extra page is earned.
func (b *listedBucket) nextMarker() string {
	smallest, first := "", true
	for key := range b.waiting {
		if (first || key < smallest) && !b.covers(key) && !b.isOutOfReach(key) {
			smallest, first = key, false
		}
	}
	folder := justBefore(smallest[:strings.LastIndex(smallest, "/")+1])
	earned := b.pages > 0 && (b.ended || b.answered > b.pages)
	if earned && !b.startsAt(folder) {
		return folder
	}
	return justBefore(smallest)
}

// startsAt reports that a page from a marker was listed before and did not reach far enough.
func (b *listedBucket) startsAt(marker string) bool {
	for _, covered := range b.covered {
		if covered.after == marker {
			return true
		}
	}
	return false
}

// justBefore is a marker behind which key is the first key that can exist: its last character made
// one smaller, followed by the largest character there is.
func justBefore(key string) string {
	last, size := utf8.DecodeLastRuneInString(key)
	if size == 0 || last == utf8.RuneError || last-1 < ' ' || !utf8.ValidRune(last-1) {
		return key[:max(0, len(key)-size)]
	}
	return key[:len(key)-size] + string(last-1) + string(utf8.MaxRune)
}
