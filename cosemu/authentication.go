package cosemu

// authenticate admits a request with a good signature, and an unsigned one that reads a public
// object.
func (x *exchange) authenticate() *apiError {
	if x.trusting {
		return nil
	}
	if x.aws != nil {
		signed := *x.r
		signed.Header = x.aws.header
		return x.verifyAWS(&signed, x.aws.awsAuthorization, x.clock.base())
	}
	auth, signed := authorizationOf(x.r)
	if !signed {
		return x.admitAnonymous()
	}
	return x.verifySignature(x.r, auth, x.clock.base())
}

// admitAnonymous admits reads of objects that everybody may read. An encrypted object is never
// served without a signature, whatever its ACL (18145).
func (x *exchange) admitAnonymous() *apiError {
	denied := failure("AccessDenied", "Access Denied.")
	if x.bucket == nil || x.entry.Op != "GetObject" && x.entry.Op != "HeadObject" {
		return denied
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	v, err := findVersion(x.bucket, x.entry.Key, x.query["versionid"], nil)
	if err != nil || v.sse.mode != modeNone {
		return denied
	}
	if !v.acl.publicRead() && !(v.acl.inherits() && x.bucket.acl.publicRead()) {
		return denied
	}
	return nil
}
