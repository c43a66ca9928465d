package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"golang.org/x/sync/errgroup"
)

// item is one object of the page under work.
type item struct {
	Object
	print   fingerprint
	last    *row // its row in the last ledger, if its fingerprint stands
	look    bool // it has to be looked at
	tried   bool // it was asked for
	looked  int64
	replica bool
	// refusal is a fact that stands against rewriting: what kind of object it is, or what COS
	// answered when it was tried.
	refusal Reason
	// versioned: the bucket names versions, so a rewrite leaves one behind.
	versioned bool
	gone      bool
	engine    Engine
	outcome   *Outcome
}

// pages goes through the listing.
func (r *run) pages(ctx context.Context) error {
	next := r.objects()
	for {
		if !r.meter.spend(ctx, 1) {
			return ctx.Err()
		}
		listed, more, err := next(ctx)
		if err != nil {
			return err
		}
		r.found.Lists++
		listed, full := r.within(listed, more)
		if err := r.page(ctx, listed); err != nil {
			return err
		}
		if r.Progress != nil {
			r.Progress(r.found)
		}
		if ctx.Err() != nil {
			return ctx.Err() // The page may have been cut short.
		}
		if full {
			r.meter.stop(StoppedObjects)
		}
		if !more || r.meter.reason() != "" {
			return nil
		}
	}
}

// within cuts a page at the greatest number of objects. It reports whether any were left out.
func (r *run) within(
	listed []cosapi.ListedObject, more bool,
) ([]cosapi.ListedObject, bool) {
	room := r.Budget.MaxObjects - r.found.Total.Objects
	if r.Budget.MaxObjects <= 0 || int64(len(listed)) < room {
		return listed, false
	}
	return listed[:room], more || int64(len(listed)) > room
}

type pager func(context.Context) (listed []cosapi.ListedObject, more bool, err error)

// objects is the listing page by page, without delete markers. Keys go forward, or it fails.
func (r *run) objects() pager {
	pages := r.currentPages()
	if r.Versions {
		pages = r.versionPages()
	}
	last := ""
	return func(ctx context.Context) ([]cosapi.ListedObject, bool, error) {
		listed, more, err := pages(ctx)
		if err != nil {
			return nil, false, err
		}
		for i, object := range listed {
			first := i == 0 && last == ""
			if !first && (object.Key < last || object.Key == last && !r.Versions) {
				return nil, false, fmt.Errorf("%w: %s comes after %s", errNoProgress,
					EncodeKey(object.Key), EncodeKey(last))
			}
			last = object.Key
		}
		return listed, more, nil
	}
}

func (r *run) currentPages() pager {
	options := cosapi.ListOptions{
		Region: r.Bucket.Region, Bucket: r.Bucket.Bucket, Prefix: r.Prefix,
	}
	return func(ctx context.Context) ([]cosapi.ListedObject, bool, error) {
		page, err := r.Client.List(ctx, options)
		if err != nil {
			return nil, false, err
		}
		if page.Truncated && page.NextMarker <= options.Marker {
			return nil, false, errNoProgress
		}
		options.Marker = page.NextMarker
		for i := range page.Objects {
			page.Objects[i].IsLatest = true
		}
		return page.Objects, page.Truncated, nil
	}
}

func (r *run) versionPages() pager {
	options := cosapi.ListVersionsOptions{
		Region: r.Bucket.Region, Bucket: r.Bucket.Bucket, Prefix: r.Prefix,
	}
	return func(ctx context.Context) ([]cosapi.ListedObject, bool, error) {
		page, err := r.Client.ListVersions(ctx, options)
		if err != nil {
			return nil, false, err
		}
		same := page.NextKeyMarker == options.KeyMarker &&
			page.NextVersionIDMarker == options.VersionIDMarker
		if page.Truncated && (same || page.NextKeyMarker < options.KeyMarker) {
			return nil, false, errNoProgress
		}
		options.KeyMarker, options.VersionIDMarker = page.NextKeyMarker, page.NextVersionIDMarker
		return slices.DeleteFunc(page.Versions, func(o cosapi.ListedObject) bool {
			return o.DeleteMarker
		}), page.Truncated, nil
	}
}

// page joins a page with the last ledger, looks at what that leaves open, has rewritten what is
// pending, and settles all in the order of the keys.
func (r *run) page(ctx context.Context, listed []cosapi.ListedObject) error {
	items := make([]item, len(listed))
	for i := range listed {
		if err := r.join(&items[i], listed[i]); err != nil {
			return err
		}
	}
	fatal := r.sideBySide(ctx, items, func(it *item) bool { return it.look }, r.look)
	for i := range items {
		r.judge(&items[i])
	}
	if fatal == nil && r.Rewrite != nil {
		fatal = r.sideBySide(ctx, items, r.mayRewrite, r.rewrite)
	}
	for i := range items {
		r.settle(&items[i])
	}
	return fatal
}

// join finds an object's row.
func (r *run) join(it *item, listed cosapi.ListedObject) error {
	it.Object = Object{
		Listed: listed, Excluded: r.excluded(listed.Key), Namable: r.namable(listed.Key),
		Found: UnknownEncryption,
	}
	it.look = !it.Excluded
	if r.prints == nil {
		return nil
	}
	it.print = r.prints.of(listed)
	if r.last == nil {
		return nil
	}
	dropped, err := r.last.seek(listed.Key)
	if err != nil {
		return r.unusable(err)
	}
	r.drop(dropped)
	known := r.last.match(listed.VersionID)
	if known == nil || known.print != it.print {
		return nil
	}
	it.last = known
	if it.Excluded || !r.due.trusts(known) || r.staleBlock(known, listed) {
		return nil
	}
	it.look, it.Opened = false, true
	it.Found, it.looked, it.replica, it.versioned = known.facts, known.looked, known.replica, known.versioned
	it.refusal = known.block
	return nil
}

// staleBlock reports an archived object in violation that was not looked at for a day: a restore
// makes it readable and shows in a HEAD only.
func (r *run) staleBlock(known *row, listed cosapi.ListedObject) bool {
	return cosapi.Archived(listed.StorageClass) && len(r.Engines) > 0 &&
		r.now.Unix()-known.looked > secondsPerDay && r.Expectation.Violation(known.facts) != ""
}

// sideBySide calls work for those of the items that want it.
func (r *run) sideBySide(
	ctx context.Context, items []item, wants func(*item) bool,
	work func(context.Context, *item) error,
) error {
	group, ctx := errgroup.WithContext(ctx)
	concurrency := r.Budget.Concurrency
	if concurrency <= 0 {
		concurrency = DefaultConcurrency
	}
	group.SetLimit(concurrency)
	for i := range items {
		it := &items[i]
		if !wants(it) {
			continue
		}
		if r.meter.reason() != "" || ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if !r.acquire(ctx) {
				return ctx.Err()
			}
			defer r.release()
			return work(ctx, it)
		})
	}
	return group.Wait()
}

func (r *run) acquire(ctx context.Context) bool {
	if r.Slots == nil {
		return true
	}
	select {
	case r.Slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *run) release() {
	if r.Slots != nil {
		<-r.Slots
	}
}
