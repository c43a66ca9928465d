package cosemu

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// COS accepts AWS Signature Version 4 for the service s3 on its own hosts, and then reads and writes
// headers that begin with x-amz-: the official Terraform provider calls it by the AWS SDK.
const (
	awsAlgorithm      = "AWS4-HMAC-SHA256"
	awsTime           = "20060102T150405Z"
	awsContentHash    = "X-Amz-Content-Sha256"
	awsUnsignedBody   = "UNSIGNED-PAYLOAD"
	awsStreamedPrefix = "STREAMING-"
	// awsMaxExpires is how long a presigned URL may be good for: a week.
	awsMaxExpires = 7 * 24 * 3600
)

// awsAuthorization is a signature of version 4.
type awsAuthorization struct {
	secretID, date, region, service string
	headers                         []string
	signature                       string
	time                            string
	// expires is the life of a presigned URL in seconds; "" for a signature in the headers.
	expires string
}

// awsAuthorizationOf reads such a signature from the Authorization header or from the query. It
// reports false for a request that has none.
func awsAuthorizationOf(r *http.Request) (awsAuthorization, bool) {
	if rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), awsAlgorithm); ok {
		fields := map[string]string{}
		for field := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			fields[name] = value
		}
		auth := awsScope(fields["Credential"])
		auth.headers = strings.Split(fields["SignedHeaders"], ";")
		auth.signature, auth.time = fields["Signature"], r.Header.Get("X-Amz-Date")
		return auth, true
	}
	query := rawQuery(r)
	first := func(name string) string { return strings.Join(query[name][:min(1, len(query[name]))], "") }
	if first("X-Amz-Algorithm") != awsAlgorithm {
		return awsAuthorization{}, false
	}
	auth := awsScope(first("X-Amz-Credential"))
	auth.headers = strings.Split(first("X-Amz-SignedHeaders"), ";")
	auth.signature, auth.time = first("X-Amz-Signature"), first("X-Amz-Date")
	auth.expires = first("X-Amz-Expires")
	return auth, true
}

// awsScope reads <id>/<date>/<region>/<service>/aws4_request.
func awsScope(credential string) awsAuthorization {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return awsAuthorization{}
	}
	return awsAuthorization{
		secretID: parts[0], date: parts[1], region: parts[2], service: parts[3],
	}
}

// verifyAWS checks a signature of version 4 against the account's credentials at a moment.
func (s *Server) verifyAWS(r *http.Request, auth awsAuthorization, now time.Time) *apiError {
	credential, known := s.credential(auth.secretID)
	signedAt, err := time.Parse(awsTime, auth.time)
	switch {
	case auth.service != "s3" || auth.signature == "" || err != nil ||
		!strings.HasPrefix(auth.time, auth.date) || !slices.Contains(auth.headers, "host"):
		return invalid("The Authorization field is not a signature of version 4 for s3.")
	case !known:
		return failure("InvalidAccessKeyId", "The Access Key Id you provided does not exist.")
	case strings.HasPrefix(r.Header.Get(awsContentHash), awsStreamedPrefix):
		return failure("NotImplemented", "Bodies that are signed in chunks are not modelled.")
	}
	if err := checkToken(r, credential); err != nil {
		return err
	}
	if err := auth.checkTime(signedAt, now); err != nil {
		return err
	}
	for _, host := range hostForms(r.Host) {
		want := auth.compute(credential.SecretKey, auth.canonical(r, host))
		if hmac.Equal([]byte(want), []byte(auth.signature)) {
			return nil
		}
	}
	return failure("SignatureDoesNotMatch",
		"The Signature you specified is invalid: check the secret key and what was signed.")
}

// checkTime checks the time of a signature, and the life of a presigned URL.
func (a awsAuthorization) checkTime(signedAt, now time.Time) *apiError {
	if a.expires == "" {
		if now.Sub(signedAt).Abs() > maxClockSkew {
			return failure("RequestTimeTooSkewed",
				"The difference between the request time and the server's time is too large.")
		}
		return nil
	}
	seconds, err := strconv.Atoi(a.expires)
	switch {
	case err != nil || seconds < 1 || seconds > awsMaxExpires:
		return invalid("X-Amz-Expires must be from 1 to %d.", awsMaxExpires)
	case signedAt.Sub(now) > maxClockSkew:
		return failure("RequestTimeTooSkewed", "The request was signed in the future.")
	case now.After(signedAt.Add(time.Duration(seconds) * time.Second)):
		return failure("AccessDenied", "Request has expired")
	}
	return nil
}

// compute signs a canonical request.
func (a awsAuthorization) compute(secretKey, canonicalRequest string) string {
	scope := a.date + "/" + a.region + "/" + a.service + "/aws4_request"
	digest := sha256.Sum256([]byte(canonicalRequest))
	text := strings.Join([]string{awsAlgorithm, a.time, scope, hex.EncodeToString(digest[:])}, "\n")
	key := []byte("AWS4" + secretKey)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// canonical is the form of the request that was signed. A path is encoded once, its slashes are
// not.
func (a awsAuthorization) canonical(r *http.Request, host string) string {
	headers := signableHeaders(r, host)
	var b strings.Builder
	b.WriteString(r.Method + "\n" + strings.ReplaceAll(urlEncode(r.URL.Path), "%2F", "/") + "\n")
	b.WriteString(awsQuery(rawQuery(r)) + "\n")
	for _, name := range a.headers {
		values := make([]string, len(headers[name]))
		for i, value := range headers[name] {
			values[i] = strings.Join(strings.Fields(value), " ")
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	b.WriteString("\n" + strings.Join(a.headers, ";") + "\n" + a.bodyHash(r))
	return b.String()
}

// bodyHash is the last line of the canonical request. The body itself is checked as it comes in.
func (a awsAuthorization) bodyHash(r *http.Request) string {
	if hash := r.Header.Get(awsContentHash); hash != "" {
		return hash
	}
	return awsUnsignedBody
}

// awsQuery is a query in canonical form, without the signature itself.
func awsQuery(query map[string][]string) string {
	var fields []string
	for name, values := range query {
		for _, value := range values {
			if name != "X-Amz-Signature" {
				fields = append(fields, urlEncode(name)+"="+urlEncode(value))
			}
		}
	}
	slices.Sort(fields)
	return strings.Join(fields, "&")
}
