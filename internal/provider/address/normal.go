package address

import "golang.org/x/text/unicode/norm"

// IsNormal reports whether Terraform can carry a name. It normalises every string to Unicode NFC
// and COS does not, so another form of the same letters names another object there.
func IsNormal(name string) bool { return norm.NFC.IsNormalString(name) }
