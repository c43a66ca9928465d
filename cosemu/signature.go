package cosemu

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxClockSkew is how far a request may come from the future (document 7730, an older edition).
const maxClockSkew = 15 * time.Minute

// authorization is the seven fields of a request signature (document 7778).
type authorization struct {
	algorithm, secretID string
	signTime, keyTime   string
	headers, parameters []string
	signature           string
}

// authorizationOf reads the signature from the Authorization header, from the query's q-* fields
// or from the older query field "sign". It reports false for an unsigned request.
func authorizationOf(r *http.Request) (authorization, bool) {
	query := rawQuery(r)
	switch {
	case r.Header.Get("Authorization") != "":
		return parseAuthorization(splitFields(r.Header.Get("Authorization"))), true
	case len(query["q-signature"]) > 0:
		fields := map[string]string{}
		for name, values := range query {
			fields[name] = values[0]
		}
		return parseAuthorization(fields), true
	case len(query["sign"]) > 0:
		return parseAuthorization(splitFields(query["sign"][0])), true
	}
	return authorization{}, false
}

// splitFields takes "a=b&c=d" apart. The header form is not URL-encoded, so url.ParseQuery would
// damage it.
func splitFields(text string) map[string]string {
	fields := map[string]string{}
	for field := range strings.SplitSeq(strings.TrimSpace(text), "&") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	return fields
}

func parseAuthorization(fields map[string]string) authorization {
	return authorization{
		algorithm: fields["q-sign-algorithm"], secretID: fields["q-ak"],
		signTime: fields["q-sign-time"], keyTime: fields["q-key-time"],
		headers:    splitList(fields["q-header-list"]),
		parameters: splitList(fields["q-url-param-list"]),
		signature:  fields["q-signature"],
	}
}

// splitList takes a list of signed names apart, sorted and each name once: a client repeats a name
// that has several values.
func splitList(text string) []string {
	if text == "" {
		return nil
	}
	names := strings.Split(strings.ToLower(text), ";")
	slices.Sort(names)
	return slices.Compact(names)
}

// rawQuery is the request's query with decoded names and values. Unlike url.ParseQuery it accepts
// semicolons, which stand in the q-* fields of presigned URLs.
func rawQuery(r *http.Request) map[string][]string {
	query := map[string][]string{}
	for field := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		name, value = unescapeQuery(name), unescapeQuery(value)
		query[name] = append(query[name], value)
	}
	return query
}

func unescapeQuery(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// urlEncode is document 7778's encoding: only letters, digits and "-_.~" stay as they are.
func urlEncode(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString(string([]byte{'%', digits[c>>4], digits[c&15]}))
		}
	}
	return b.String()
}

// verifySignature checks a request's signature against the account's credentials at a moment.
func (s *Server) verifySignature(r *http.Request, auth authorization, now time.Time) *apiError {
	credential, known := s.credential(auth.secretID)
	switch {
	case auth.algorithm != "sha1" || auth.signature == "":
		return invalid("The Authorization field is not a version 5 signature.")
	case !known:
		return failure("InvalidAccessKeyId", "The Access Key Id you provided does not exist.")
	}
	if err := checkToken(r, credential); err != nil {
		return err
	}
	if err := checkWindow(r, auth.signTime, now); err != nil {
		return err
	}
	if !auth.matches(r, credential.SecretKey) {
		return failure("SignatureDoesNotMatch",
			"The Signature you specified is invalid: check the secret key and what was signed.")
	}
	return nil
}

// checkToken checks the token of a temporary key pair. A token with a permanent pair belongs to
// another pair and is refused like a missing one; COS documents neither answer.
func checkToken(r *http.Request, credential Credential) *apiError {
	token := ""
	for _, name := range []string{"x-cos-security-token", "X-Amz-Security-Token"} {
		token += r.Header.Get(name)
		if values := rawQuery(r)[name]; token == "" && len(values) > 0 {
			token = values[0]
		}
	}
	if !hmac.Equal([]byte(token), []byte(credential.SecurityToken)) {
		return failure("InvalidAccessKeyId",
			"The security token does not belong to the Access Key Id.")
	}
	if credential.Expired {
		return failure("ExpiredToken", "The provided token has expired.")
	}
	return nil
}

// checkWindow checks that now is inside the signature's time window. A Date header, where there is
// one, shows a wrong clock by itself.
func checkWindow(r *http.Request, window string, now time.Time) *apiError {
	from, to, ok := parseWindow(window)
	if !ok {
		return invalid("q-sign-time %q is not start;end in seconds.", window)
	}
	date, err := http.ParseTime(r.Header.Get("Date"))
	skewed := err == nil && date.Sub(now).Abs() > maxClockSkew
	if skewed || from.Sub(now) > maxClockSkew {
		return failure("RequestTimeTooSkewed", "The difference between the request time and the "+
			"server's time %s is too large.", now.UTC().Format(time.RFC3339))
	}
	if now.After(to) {
		return failure("AccessDenied", "Request has expired")
	}
	return nil
}

// parseWindow reads "start;end" in unix seconds. The last second belongs to the window.
func parseWindow(window string) (from, to time.Time, ok bool) {
	start, end, found := strings.Cut(window, ";")
	first, err := strconv.ParseInt(start, 10, 64)
	last, err2 := strconv.ParseInt(end, 10, 64)
	if !found || err != nil || err2 != nil || last < first {
		return time.Time{}, time.Time{}, false
	}
	return time.Unix(first, 0), time.Unix(last+1, 0).Add(-1), true
}

// matches computes the signature from the lists of signed names and compares. Clients differ in
// whether the signed host has the port, so both forms are tried.
func (a authorization) matches(r *http.Request, secretKey string) bool {
	for _, host := range hostForms(r.Host) {
		want := a.compute(secretKey, httpString(r, a, host))
		if hmac.Equal([]byte(want), []byte(strings.ToLower(a.signature))) {
			return true
		}
	}
	return false
}

func hostForms(hostport string) []string {
	forms := []string{hostport}
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		forms = append(forms, host)
	}
	return forms
}

// compute signs an HttpString. The key of the second HMAC is the hexadecimal text of the first.
func (a authorization) compute(secretKey, httpString string) string {
	signKey := hmacSHA1(secretKey, a.keyTime)
	digest := sha1.Sum([]byte(httpString))
	return hmacSHA1(signKey, "sha1\n"+a.keyTime+"\n"+hex.EncodeToString(digest[:])+"\n")
}

func hmacSHA1(key, message string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

// httpString is the canonical form of what was signed. The path is the decoded one.
func httpString(r *http.Request, a authorization, host string) string {
	return strings.ToLower(r.Method) + "\n" + r.URL.Path + "\n" +
		canonical(a.parameters, rawQuery(r)) + "\n" +
		canonical(a.headers, signableHeaders(r, host)) + "\n"
}

// canonical is "name=value&..." of the listed names, whose values are sorted and URL-encoded.
func canonical(names []string, values map[string][]string) string {
	encoded := map[string][]string{}
	for name, list := range values {
		name = strings.ToLower(urlEncode(name))
		encoded[name] = append(encoded[name], list...)
	}
	var pairs []string
	for _, name := range names {
		list := encoded[name]
		if len(list) == 0 {
			list = []string{""}
		}
		slices.Sort(list)
		for _, value := range list {
			pairs = append(pairs, name+"="+urlEncode(value))
		}
	}
	return strings.Join(pairs, "&")
}

// signableHeaders are the headers as the client sent them: net/http moves some out of the map.
func signableHeaders(r *http.Request, host string) map[string][]string {
	headers := map[string][]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	headers["host"] = []string{host}
	if _, ok := headers["content-length"]; !ok && r.ContentLength >= 0 {
		headers["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	if len(r.TransferEncoding) > 0 {
		headers["transfer-encoding"] = r.TransferEncoding
	}
	return headers
}
