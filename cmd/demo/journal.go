package main

import "slices"

// writes reports a request that changes the bucket.
func (r request) writes() bool {
	return !slices.Contains([]string{
		"HeadObject", "GetObject", "GetBucket", "GetObjectACL", "GetObjectTagging",
	}, r.Op)
}

// encryption is how the object that was written or described is encrypted; "-" where the request is
// about something else.
func (r request) encryption() string {
	bytes := []string{"PutObject", "PutObjectCopy", "HeadObject", "GetObject"}
	switch {
	case r.Status >= 300 || !slices.Contains(bytes, r.Op):
		return "-"
	case r.SSEMode == "SSE-C":
		return "SSE-C key " + r.KeyFingerprint[:min(8, len(r.KeyFingerprint))]
	}
	return r.SSEMode
}

// of returns the requests that are about one of the keys; without keys, all.
func of(journal []request, keys ...string) []request {
	var matching []request
	for _, r := range journal {
		if len(keys) == 0 || slices.Contains(keys, r.Key) {
			matching = append(matching, r)
		}
	}
	return matching
}

// count returns how many requests of an operation are about one of the keys; without keys, all.
func count(journal []request, op string, keys ...string) int {
	n := 0
	for _, r := range of(journal, keys...) {
		if r.Op == op {
			n++
		}
	}
	return n
}

// uploaded is how many bytes of request bodies COS received.
func uploaded(journal []request) int64 {
	var total int64
	for _, r := range journal {
		total += r.BytesIn
	}
	return total
}

// keyName is what identifies the key of an encryption.
func keyName(e encryption) string {
	switch e.Mode {
	case "SSE-KMS":
		return "KMS key " + e.KMSKeyID
	case "SSE-C":
		return "customer key with MD5 " + e.CustomerKeyMD5
	case "SSE-COS":
		return "COS's own"
	}
	return ""
}
