package cosapi

import (
	"fmt"
)

// ListingError reports a listing that COS does not bring to its end: a page that leads nowhere, or
// back. What was listed until then is not the whole, and nothing may be taken for missing. Its class
// is ClassServer.
type ListingError struct {
	Op     string
	Ref    ObjectRef // of the bucket or, for the parts of an upload, of the object
	Reason string
}

// Error implements error.
func (e *ListingError) Error() string {
	return fmt.Sprintf("%s %s: the listing is not whole: %s", e.Op, e.Ref, e.Reason)
}

// place is where a page of a listing begins: behind a key, or within it behind an id.
type place struct{ key, id string }

// String quotes the place.
func (p place) String() string {
	if p.id == "" {
		return fmt.Sprintf("%q", p.key)
	}
	return fmt.Sprintf("%q, id %q", p.key, p.id)
}

// leadsOn returns why a listing cannot go on at next after a page that began at from, "" if it can.
// Keys are in the order of their bytes (document 7734); ids within a key are in no order that is
// documented.
func leadsOn(from, next place) string {
	switch {
	case next == place{}:
		return "there is more, but a page does not say where"
	case next.key < from.key:
		return fmt.Sprintf("the page behind %s leads back to %s", from, next)
	case next.key == from.key && (next.id == from.id || next.id == ""):
		return fmt.Sprintf("the page behind %s leads to itself", from)
	}
	return ""
}

// pager turns the pages of a listing until its end. All loops over pages in this package are its.
type pager[P any] struct {
	op  string
	ref ObjectRef
	// page returns the page behind a place, where the next one begins, and whether there is one.
	page func(place) (P, place, bool, error)
}

// each calls use with page after page, until there is none or use wants no more. A listing that
// leads nowhere is a *ListingError.
func (l pager[P]) each(use func(P) (more bool)) error {
	from, seen := place{}, map[string]bool{}
	for {
		page, next, truncated, err := l.page(from)
		if err != nil || !use(page) || !truncated {
			return err
		}
		reason := leadsOn(from, next)
		if next.key != from.key {
			clear(seen)
		} else if reason == "" && seen[next.id] {
			reason = fmt.Sprintf("the page behind %s leads to %s again", from, next)
		}
		if reason != "" {
			return &ListingError{Op: l.op, Ref: l.ref, Reason: reason}
		}
		seen[next.id] = true
		from = next
	}
}
