package cosapi

import "strings"

// ManifestRow is an object's line in the list of a job (document 32958), with the line's end. COS
// decodes keys (document 32956) and does not say how: every byte is encoded that any decoding could
// change. A key that has such a byte must be proven by a trial; IsPlainKey tells.
func ManifestRow(bucket, key string) string {
	var row strings.Builder
	row.Grow(len(bucket) + len(key) + 2)
	row.WriteString(bucket)
	row.WriteByte(',')
	const digits = "0123456789ABCDEF"
	for i := range len(key) {
		if c := key[i]; isPlain(c) {
			row.WriteByte(c)
		} else {
			row.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	row.WriteByte('\n')
	return row.String()
}

// IsPlainKey reports a key that stands in a ManifestRow as it is.
func IsPlainKey(key string) bool {
	for i := range len(key) {
		if !isPlain(key[i]) {
			return false
		}
	}
	return true
}

func isPlain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.IndexByte("-_.~/", c) >= 0
}
