package cosapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// ringTries bounds the entries of a keyring that one Look tries.
const ringTries = 16

// Ask is what a Look may use to find out what is at a key.
type Ask struct {
	// Keys are tried in this order, the one that probably fits first; a nil among them asks without
	// a key. An empty list asks without a key alone. After keys that were refused Look asks without
	// one, wherever the list has no nil: the object may not be SSE-C any more.
	Keys []*CustomerKey
	// Ring is tried after Keys, the entry that fitted last first, and at most 16 entries.
	Ring Keyring
	// Known is what was last seen, of an object that no key at hand opens: a listing comes first,
	// and if it shows the object as it was there is no other request. nil leaves that out. It is
	// for refreshes: a listing lags, so it never serves a write.
	Known *Seen
	// Witness has a listing testify about an object that refuses every key. It needs no key, and
	// shows ETag, size and Last-Modified of some moment before now.
	Witness bool
	// Reason asks for the code that a HEAD has no room for: NoSuchKey or NoSuchBucket of what is
	// absent, the code of a refusal. It costs a request where the answer is not "here it is".
	Reason bool
}

// What is at a key.
type What int

const (
	// Exists: a HEAD has described the object. Found.Info has the facts.
	Exists What = iota + 1
	// Unchanged: a listing shows the object as it was last seen (Ask.Known). There is no Info.
	Unchanged
	// Absent: there is no object. Removal from a state takes Found.Confirmed besides.
	Absent
	// NoBucket: there is no bucket of that name at this endpoint; always confirmed.
	NoBucket
	// Refused: COS did not describe the object, because no key fits or a right is missing.
	Refused
)

// Found is what a Look has found out.
type Found struct {
	Ref  ObjectRef
	What What
	// Confirmed says of Absent that COS gave the code NoSuchKey or NoSuchVersion: a HEAD's 404 has
	// no code and may be the bucket's.
	Confirmed bool
	// Info describes the object that Exists.
	Info ObjectInfo
	// Key opened the object; nil if it needs none. KeyName is the key's name in Ask.Ring, if it has
	// one.
	Key     *CustomerKey
	KeyName string
	// RefusedMD5s are the keys that did not open it.
	RefusedMD5s []string
	// Listed is what the listing showed; nil if none was asked, or if it did not show the object,
	// which proves nothing. ListError is why it could not be asked.
	Listed    *ListedObject
	ListError error
	// Refusal is the answer that ended the Look, for Absent, NoBucket and Refused. It has a code if
	// one was asked for and COS gave it.
	Refusal error
	// Requests is how many were made, repeats of one that failed not counted.
	Requests int
}

// IsCustomerEncrypted reports an object that Refused because it is SSE-C: COS says so to whoever
// asks without a key (document 7730).
func (f Found) IsCustomerEncrypted() bool {
	return f.What == Refused && Classify(f.Refusal) == ClassCustomerKey
}

// Look finds out what is at ref, and which key opens it. This is the one place that knows what the
// answers to a HEAD mean: they have no code, and a missing key, a wrong one and a missing right may
// all be 400 or 403 (documents 7730 and 7745).
//
// It makes one request where the first key fits. The error is for answers that say nothing about
// the object: a broken connection, an internal fault of COS, an answer that is not COS's.
func (c *Client) Look(ctx context.Context, ref ObjectRef, ask Ask) (Found, error) {
	l := &look{client: c, ask: ask, found: Found{Ref: ref}}
	if ask.Known != nil {
		if l.list(ctx); ctx.Err() != nil {
			return l.found, l.found.ListError
		}
		if l.found.Listed != nil && ask.Known.isListedAs(*l.found.Listed) {
			l.found.What = Unchanged
			return l.found, nil
		}
	}
	if err := l.run(ctx); err != nil {
		return Found{Ref: ref, Requests: l.found.Requests}, err
	}
	if l.found.What == Refused && ask.Witness && l.found.Listed == nil && l.found.ListError == nil {
		l.list(ctx)
	}
	return l.found, nil
}

// look is one Look under way.
type look struct {
	client *Client
	ask    Ask
	found  Found
	// asked: the code behind found.Refusal was asked for.
	asked bool
	// keyless: a HEAD without a key was refused.
	keyless bool
}

// run tries the keys one after the other. It ends with found.What, or with an error.
func (l *look) run(ctx context.Context) error {
	keys := l.ask.Keys
	if !slices.Contains(keys, nil) {
		keys = append(slices.Clone(keys), nil)
	}
	for _, key := range keys {
		if err := l.try(ctx, key); err != nil || l.found.What != 0 {
			return err
		}
	}
	if err := l.tryRing(ctx); err != nil || l.found.What != 0 {
		return err
	}
	if l.ask.Reason {
		if err := l.askReason(ctx); err != nil || l.found.What != 0 {
			return err
		}
	}
	l.found.What = Refused
	return nil
}

// tryRing tries the keyring. A key is worth one request; more than one only if the code of the
// refusal does not say that no key will help.
func (l *look) tryRing(ctx context.Context) error {
	for i, name := range l.ring() {
		if i == 1 {
			if err := l.askReason(ctx); err != nil || l.found.What != 0 {
				return err
			}
			if !mayNeedKey(l.found.Refusal) {
				return nil
			}
		}
		key, _ := l.ask.Ring.ByName(name)
		if err := l.try(ctx, &key); err != nil || l.found.What != 0 {
			return err
		}
	}
	return nil
}

// mayNeedKey reports a refusal that a key may overcome. A request without a key that is denied
// lacks a right; of a HEAD nobody knows.
func mayNeedKey(refusal error) bool {
	switch Classify(refusal) {
	case ClassAuthentication, ClassClock:
		return false
	case ClassPermission:
		return CodeOf(refusal) == ""
	}
	return true
}

// ring are the names to try: the one that fitted last, then the others in their order, each key
// once and none that was refused.
func (l *look) ring() []string {
	names := l.ask.Ring.Names()
	if last, ok := l.client.lastFit.Load().(string); ok && slices.Contains(names, last) {
		names = append([]string{last}, names...)
	}
	tried := slices.Clone(l.found.RefusedMD5s)
	var ring []string
	for _, name := range names {
		key, _ := l.ask.Ring.ByName(name)
		if sum := key.MD5(); !slices.Contains(tried, sum) && len(ring) < ringTries {
			tried, ring = append(tried, sum), append(ring, name)
		}
	}
	return ring
}

// try makes one HEAD. Where it settles the matter found.What says so.
func (l *look) try(ctx context.Context, key *CustomerKey) error {
	if key != nil && slices.Contains(l.found.RefusedMD5s, key.MD5()) || key == nil && l.keyless {
		return nil
	}
	info, err := l.client.HeadOnly(ctx, l.found.Ref, key)
	l.found.Requests++
	switch status := StatusOf(err); {
	case err == nil && info.ETag == "":
		return &Error{Op: "HeadObject", Ref: l.found.Ref, Err: errDamagedAnswer}
	case err == nil:
		l.describe(info, key)
	case status == http.StatusNotFound:
		return l.missing(ctx, key, err)
	case status == http.StatusBadRequest, status == http.StatusForbidden:
		l.refused(key, err)
	case isRefusal(status):
		l.found.What, l.found.Refusal = Refused, err
	default:
		return err
	}
	return nil
}

// isRefusal reports an answer about the object that no key changes, such as that of a delete
// marker (405) or of unknown credentials (401).
func isRefusal(status int) bool {
	return status/100 == 4 && status != http.StatusTooManyRequests &&
		status != http.StatusRequestTimeout
}

// describe takes over what a HEAD says. One that a key opened is of an SSE-C object, also if a
// gateway removed the headers that say so.
func (l *look) describe(info ObjectInfo, key *CustomerKey) {
	l.found.What, l.found.Info, l.found.Key, l.found.Refusal = Exists, info, key, nil
	if key == nil {
		return
	}
	if info.Encryption.Mode == ModeNone {
		l.found.Info.Encryption = SSEC{Key: *key}.expected()
	}
	if name, _, ok := l.ask.Ring.ByMD5(key.MD5()); ok {
		l.found.KeyName = name
		l.client.lastFit.Store(name)
	}
}

// refused notes a key, or the lack of one, that did not do. The refusal without a key says most.
func (l *look) refused(key *CustomerKey, err error) {
	if key == nil {
		l.keyless = true
	} else {
		l.found.RefusedMD5s = append(l.found.RefusedMD5s, key.MD5())
	}
	if key == nil || l.found.Refusal == nil {
		l.found.Refusal = err
	}
	if class := Classify(err); class == ClassAuthentication || class == ClassClock {
		l.found.What = Refused
	}
}

// missing judges a 404. Whose it is, the object's or the bucket's, a GET of one byte says.
func (l *look) missing(ctx context.Context, key *CustomerKey, err error) error {
	l.found.What, l.found.Refusal = Absent, err
	if !l.ask.Reason {
		return nil
	}
	reason := l.client.reason(ctx, l.found.Ref, key)
	l.found.Requests++
	switch class := Classify(reason); {
	case reason == nil:
		return l.appeared(ctx, key)
	case class == ClassNotFound, class == ClassNoSuchBucket:
		l.isAbsent(reason)
	case isRefusal(StatusOf(reason)):
		// The two answers contradict each other: something between here and COS made one of them.
		l.found.What = Refused
	default:
		return reason
	}
	l.found.Refusal = l.explained(err, reason)
	return nil
}

// isAbsent takes over the code of a GET.
func (l *look) isAbsent(reason error) {
	l.found.What, l.found.Confirmed = Absent, CodeOf(reason) != ""
	if Classify(reason) == ClassNoSuchBucket {
		l.found.What = NoBucket
	}
}

// appeared looks once more at an object that a GET has read although a HEAD did not find it.
func (l *look) appeared(ctx context.Context, key *CustomerKey) error {
	info, err := l.client.HeadOnly(ctx, l.found.Ref, key)
	l.found.Requests++
	if err != nil {
		return err
	}
	l.describe(info, key)
	return nil
}

// askReason asks for the code behind a refused HEAD, once. Asked without a key, COS tells an SSE-C
// object from one that must not be read.
func (l *look) askReason(ctx context.Context) error {
	if l.asked || l.found.Refusal == nil {
		return nil
	}
	l.asked = true
	reason := l.client.reason(ctx, l.found.Ref, nil)
	l.found.Requests++
	switch class := Classify(reason); {
	case reason == nil:
		return l.appeared(ctx, nil)
	case class == ClassNotFound, class == ClassNoSuchBucket:
		l.isAbsent(reason)
	case !isRefusal(StatusOf(reason)):
		return reason
	}
	l.found.Refusal = l.explained(l.found.Refusal, reason)
	return nil
}

// explained is a refused HEAD with the code of the GET that followed it.
func (l *look) explained(refusal, reason error) error {
	var failure *Error
	if !errors.As(refusal, &failure) {
		return refusal
	}
	return l.client.explained(failure, reason)
}

// list asks the listing.
func (l *look) list(ctx context.Context) {
	listed, found, err := l.client.Find(ctx, l.found.Ref)
	l.found.Requests++
	l.found.ListError = err
	if err == nil && found {
		l.found.Listed = &listed
	}
}
