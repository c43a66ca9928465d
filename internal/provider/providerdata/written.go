package providerdata

import (
	"sync"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Written remembers which objects this provider process has written. It protects a
// replacement with create_before_destroy on the same key, where core creates and then deletes one
// and the same object, and two resources that name one key. It is safe for concurrent use.
//
// Terraform starts a provider process per plan and per apply, so the memory spans exactly one
// apply.
type Written struct {
	mu   sync.Mutex
	seen map[cosapi.ObjectRef]bool
}

// NewWritten returns an empty memory.
func NewWritten() *Written {
	return &Written{seen: map[cosapi.ObjectRef]bool{}}
}

// Claim records that ref is about to be created and reports whether it is the first time.
func (w *Written) Claim(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	ref.VersionID = ""
	if w.seen[ref] {
		return false
	}
	w.seen[ref] = true
	return true
}

// Release takes a claim back after a create that left nothing behind.
func (w *Written) Release(ref cosapi.ObjectRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ref.VersionID = ""
	delete(w.seen, ref)
}

// Contains reports whether this process has written ref.
func (w *Written) Contains(ref cosapi.ObjectRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	ref.VersionID = ""
	return w.seen[ref]
}
