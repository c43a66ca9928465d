package cosemu

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
)

// A request that is signed by AWS's version 4 speaks S3: its headers are translated when it comes,
// and those of its answer when it goes. The documents are the same.

const (
	awsPrefix = "x-amz-"
	cosPrefix = "x-cos-"
	awsKMS    = "aws:kms"
	cosKMS    = "cos/kms"
)

// awsNames are the headers whose names differ in more than their prefix, by what follows it.
var awsNames = map[string]string{
	"server-side-encryption-aws-kms-key-id": "server-side-encryption-cos-kms-key-id",
}

// awsSignature is what a request came with before it was translated.
type awsSignature struct {
	awsAuthorization
	header http.Header
}

// translateAWS turns the headers of a request that is signed by version 4 into COS's own. The
// signature is of those that came.
func (x *exchange) translateAWS() {
	auth, ok := awsAuthorizationOf(x.r)
	if !ok {
		return
	}
	x.aws = &awsSignature{awsAuthorization: auth, header: x.r.Header.Clone()}
	if token := x.query["x-amz-security-token"]; token != "" {
		x.query["x-cos-security-token"] = token
	}
	for name, values := range x.aws.header {
		rest, ok := strings.CutPrefix(strings.ToLower(name), awsPrefix)
		if !ok || rest == "date" || rest == "content-sha256" {
			continue
		}
		if known, ok := awsNames[rest]; ok {
			rest = known
		}
		x.r.Header.Set(cosPrefix+rest, x.awsValue(rest, values[0]))
		x.r.Header.Del(name)
	}
	if sum := x.aws.header.Get(awsContentHash); len(sum) == hex.EncodedLen(sha256.Size) {
		x.body.ReadCloser = &hashedBody{ReadCloser: x.body.ReadCloser, hash: sha256.New(), want: sum}
	}
}

// awsValue translates the values that S3 spells in another way.
func (x *exchange) awsValue(name, value string) string {
	switch {
	case name == "server-side-encryption" && value == awsKMS:
		return cosKMS
	case strings.HasSuffix(name, "-directive") && strings.EqualFold(value, "replace"):
		return "Replaced"
	case name == "copy-source":
		return x.awsCopySource(value)
	}
	return value
}

// awsCopySource turns /bucket/key into the host form. The bucket may be in another region.
func (x *exchange) awsCopySource(source string) string {
	name, rest, found := strings.Cut(strings.TrimPrefix(source, "/"), "/")
	if !found || strings.Contains(name, ".") {
		return source
	}
	_, region, _ := splitHost(x.r.Host)
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if b := x.store.named(name); b != nil {
		region = b.region
	}
	return name + ".cos." + region + ".myqcloud.com/" + rest
}

// answerAWS adds S3's headers to an answer that has COS's.
func (x *exchange) answerAWS() {
	header := x.w.Header()
	for name, values := range header {
		rest, ok := strings.CutPrefix(name, cosPrefix)
		if !ok || len(values) == 0 {
			continue
		}
		for aws, cos := range awsNames {
			if rest == cos {
				rest = aws
			}
		}
		value := values[0]
		if value == cosKMS {
			value = awsKMS
		}
		set(header, awsPrefix+rest, value)
	}
}

// hashedBody refuses to end when its bytes are not those that were signed.
type hashedBody struct {
	io.ReadCloser
	hash hash.Hash
	want string
}

var errHash = errors.New("the body is not the one that was signed")

// Read implements io.Reader.
func (b *hashedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(b.hash.Sum(nil)) != b.want {
		return n, errHash
	}
	return n, err
}

// bodyFailure is the answer to a body that could not be read to its end.
func bodyFailure(code string, err error) *apiError {
	if errors.Is(err, errHash) {
		code = "XAmzContentSHA256Mismatch"
	}
	return failure(code, "The body could not be read: %s.", err)
}
