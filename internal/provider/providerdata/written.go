package providerdata

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Written remembers which objects this provider process has written, which entries of a state it has
// planned, and who is at work on an object. It protects a replacement on the same key, where core
// creates and then deletes one and the same object, and two resources that name one key. It is safe
// for concurrent use.
//
// Terraform starts a provider process per plan and per apply, so the memory spans exactly one of
// them.
type Written struct {
	mu      sync.Mutex
	seen    map[cosapi.ObjectRef]bool
	entries map[cosapi.ObjectRef]entries
	copies  map[cosapi.ObjectRef]cosapi.CopyMarker
	files   map[string]cosapi.ObjectRef
	held    map[cosapi.ObjectRef]int // shared holders; negative: an exclusive one
	// released is closed and replaced whenever somebody lets go.
	released chan struct{}
}

// entries are those of one object that a plan has come across.
type entries struct{ read, current, destroyed bool }

// NewWritten returns an empty memory.
func NewWritten() *Written {
	return &Written{
		seen: map[cosapi.ObjectRef]bool{}, entries: map[cosapi.ObjectRef]entries{},
		copies: map[cosapi.ObjectRef]cosapi.CopyMarker{}, files: map[string]cosapi.ObjectRef{},
		held: map[cosapi.ObjectRef]int{}, released: make(chan struct{}),
	}
}

// Claim records that ref is about to be created and reports whether it is the first time.
func (w *Written) Claim(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	ref = ref.Current()
	if w.seen[ref] {
		return false
	}
	w.seen[ref] = true
	return true
}

// ClaimCopy records what a copy data source wants to have at a destination, and reports whether
// nobody wants something else there.
func (w *Written) ClaimCopy(wanted cosapi.CopyMarker, destination cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, claimed := w.copies[destination.Current()]
	if !claimed {
		w.copies[destination.Current()] = wanted
	}
	return !claimed || first.SameRequest(wanted)
}

// ClaimFile records that an object is downloaded to a file, and reports whether no other one is.
func (w *Written) ClaimFile(path string, ref cosapi.ObjectRef) bool {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	first, claimed := w.files[path]
	if !claimed {
		w.files[path] = ref
	}
	return !claimed || first == ref
}

// Release takes a claim back after a create that left nothing behind.
func (w *Written) Release(ref cosapi.ObjectRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.seen, ref.Current())
}

// Contains reports whether this process has written ref.
func (w *Written) Contains(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[ref.Current()]
}

// PlannedCurrent records that a plan keeps an entry of the state for ref, and reports whether it
// destroys another one.
func (w *Written) PlannedCurrent(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.entries[ref.Current()]
	entry.read, entry.current = true, true
	w.entries[ref.Current()] = entry
	return entry.destroyed
}

// Read records that a state has an entry for ref.
func (w *Written) Read(ref cosapi.ObjectRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.entries[ref.Current()]
	entry.read = true
	w.entries[ref.Current()] = entry
}

// InState reports that this process has come across an entry of a state for ref: a new object in its
// place is a replacement.
func (w *Written) InState(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.entries[ref.Current()].read
}

// PlannedDestroy records that a plan destroys an entry of the state for ref, and reports whether it
// keeps another one.
func (w *Written) PlannedDestroy(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.entries[ref.Current()]
	entry.destroyed = true
	w.entries[ref.Current()] = entry
	return entry.current
}

// Lock waits until nobody else in this process is at work on an object that is to be changed, nor
// changes one that is to be read (a copy's source; nil for none), and takes both at once, so that
// nobody waits for anybody who waits. The error is that of ctx. Call the function that it returns
// when the work is done.
func (w *Written) Lock(
	ctx context.Context, change cosapi.ObjectRef, read *cosapi.ObjectRef,
) (func(), error) {
	change = change.Current()
	source, shared := cosapi.ObjectRef{}, false
	if read != nil {
		source = read.Current()
		shared = source != change
	}
	for {
		w.mu.Lock()
		if w.held[change] == 0 && (!shared || w.held[source] >= 0) {
			w.held[change] = -1
			if shared {
				w.held[source]++
			}
			w.mu.Unlock()
			return func() { w.unlock(change, source, shared) }, nil
		}
		released := w.released
		w.mu.Unlock()
		select {
		case <-released:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (w *Written) unlock(change, source cosapi.ObjectRef, shared bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.held, change)
	if shared {
		if w.held[source]--; w.held[source] == 0 {
			delete(w.held, source)
		}
	}
	close(w.released)
	w.released = make(chan struct{})
}
