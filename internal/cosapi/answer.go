package cosapi

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// Bounds of what an answer may cost.
const (
	// maxHeaderBlock bounds the header of an answer. COS's largest are those of objects with 4 KB
	// of metadata (document 7746).
	maxHeaderBlock = 64 << 10
	// maxErrorBody bounds the body of an error, and of an answer that should have none.
	maxErrorBody = 64 << 10
	// maxXMLBody bounds every other body that is not an object's bytes. A page of 1,000 keys of 850
	// bytes, all percent-encoded, has about 3 MiB.
	maxXMLBody = 8 << 20
)

// operation is what makes an answer to one of COS's operations a whole one.
type operation struct {
	// statuses are those of success. Another 2xx is a damaged answer.
	statuses []int
	// headers must be there, and not empty.
	headers []string
	// root is the element that the body consists of, elements are those in it that must not be
	// empty; without a root a body is ignored, unless it is an error.
	root     string
	elements []string
	// content: the body is an object's bytes. It has no bound and goes out as it comes.
	content bool
	// mutates: the request changes something.
	mutates bool
	// patient: COS works before it answers, and only keeps the connection alive meanwhile.
	patient bool
}

var (
	ok        = []int{http.StatusOK}
	okOrEmpty = []int{http.StatusOK, http.StatusNoContent}
	noContent = []int{http.StatusNoContent}
)

// objectFacts are the headers without which an object is not described (documents 7745 and 7753),
// beside its size, which net/http has taken out of the header.
var objectFacts = []string{"Etag", "Last-Modified"}

// listed is the element without which nobody knows whether a listing is at its end.
var listed = []string{"IsTruncated"}

// operations has a line for every operation that this package makes. A CRC64 is in none of them,
// because objects exist that have none (document 40334): whoever compares it asks for it.
var operations = map[string]operation{
	"HeadObject": {statuses: ok, headers: objectFacts},
	"GetObject": {
		statuses: []int{http.StatusOK, http.StatusPartialContent}, headers: objectFacts, content: true,
	},
	"PutObject": {statuses: ok, headers: []string{"Etag"}, mutates: true},
	"PutObjectCopy": {
		statuses: ok, root: "CopyObjectResult", elements: []string{"ETag"}, mutates: true, patient: true,
	},
	// Only 204 is documented (7743). After the others a HEAD decides, see Delete.
	"DeleteObject": {
		statuses: []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent}, mutates: true,
	},
	"PostObjectRestore": {statuses: []int{http.StatusOK, http.StatusAccepted}, mutates: true},

	"InitiateMultipartUpload": {
		statuses: ok, root: "InitiateMultipartUploadResult", elements: []string{"UploadId"},
		mutates: true,
	},
	"UploadPart": {statuses: ok, headers: []string{"Etag"}, mutates: true},
	"UploadPartCopy": {
		statuses: ok, root: "CopyPartResult", elements: []string{"ETag"}, mutates: true, patient: true,
	},
	"CompleteMultipartUpload": {
		statuses: ok, root: "CompleteMultipartUploadResult", elements: []string{"ETag"},
		mutates: true, patient: true,
	},
	"AbortMultipartUpload": {statuses: noContent, mutates: true},
	"ListParts":            {statuses: ok, root: "ListPartsResult", elements: listed},
	"ListMultipartUploads": {statuses: ok, root: "ListMultipartUploadsResult", elements: listed},

	"GetBucket":               {statuses: ok, root: "ListBucketResult", elements: listed},
	"GetBucketObjectVersions": {statuses: ok, root: "ListVersionsResult", elements: listed},

	"GetObjectTagging":    {statuses: ok, root: "Tagging"},
	"PutObjectTagging":    {statuses: okOrEmpty, mutates: true},
	"DeleteObjectTagging": {statuses: okOrEmpty, mutates: true},
	"GetObjectACL":        {statuses: ok, root: "AccessControlPolicy"},
	"PutObjectACL":        {statuses: ok, mutates: true},

	"GetBucketEncryption": {
		statuses: ok, root: "ServerSideEncryptionConfiguration", elements: []string{"SSEAlgorithm"},
	},
	"PutBucketEncryption":    {statuses: okOrEmpty, mutates: true},
	"DeleteBucketEncryption": {statuses: okOrEmpty, mutates: true},

	"CreateJob": {
		statuses: ok, root: "CreateJobResult", elements: []string{"JobId"}, mutates: true,
	},
	"DescribeJob":       {statuses: ok, root: "DescribeJobResult", elements: []string{"Status"}},
	"ListJobs":          {statuses: ok, root: "ListJobsResult"},
	"UpdateJobStatus":   {statuses: ok, root: "UpdateJobStatusResult", mutates: true},
	"UpdateJobPriority": {statuses: ok, root: "UpdateJobPriorityResult", mutates: true},
}

// call is one try of a request on its way through the transport.
type call struct {
	op      string
	ref     ObjectRef
	header  http.Header // added before the request is signed; may hold a raw key
	patient bool
	// secrets are those that the request carried; set once it is signed.
	secrets *secrets
}

// callKey is the context key of a call.
type callKey struct{}

// withCall attaches a call to the one request that is made with ctx.
func withCall(ctx context.Context, call *call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// receive makes sure that an answer is COS's and whole before anybody sees it. Of the body of an
// answer that is not an object's bytes nothing is left to read from the network.
func (t *signingTransport) receive(
	call *call, req *http.Request, resp *http.Response,
) (*http.Response, error) {
	call.secrets.cutFromHeader(resp.Header)
	if name := t.config.RequestIDHeader; name != "" && resp.Header.Get(name) == "" {
		_ = resp.Body.Close()
		return nil, notCOS(call, resp, name)
	}
	op := operations[call.op]
	if resp.StatusCode/100 != 2 {
		return t.receiveError(call, req, resp)
	}
	if fault := op.damage(req, resp); fault != "" {
		_ = resp.Body.Close()
		return nil, damaged(resp, fault)
	}
	if op.content || req.Method == http.MethodHead {
		proveCustomerKey(req.Header, resp.Header)
		return resp, nil
	}
	return op.receiveBody(call, resp)
}

// damage says what the header of a successful answer lacks, "" for nothing.
func (o operation) damage(req *http.Request, resp *http.Response) string {
	if !slices.Contains(o.statuses, resp.StatusCode) {
		return "the status is not one of success"
	}
	if o.content && (req.Header.Get("Range") != "") != (resp.StatusCode == http.StatusPartialContent) {
		return "it is not the range that was asked for"
	}
	for _, name := range o.headers {
		if strings.Trim(resp.Header.Get(name), `" `) == "" {
			return "there is no " + name
		}
	}
	if slices.Contains(o.headers, "Last-Modified") {
		if _, err := http.ParseTime(resp.Header.Get("Last-Modified")); err != nil {
			return "Last-Modified is no time"
		}
		if resp.ContentLength < 0 {
			return "there is no Content-Length"
		}
	}
	return ""
}

// proveCustomerKey writes into the answer to a read what its success proves: the object is SSE-C
// under the key that was sent (document 18145). Something in between may have taken the headers out
// that say so, and an object without them would count as not encrypted from then on.
func proveCustomerKey(sent, got http.Header) {
	sum := sent.Get(headerCustomerKeyMD5)
	if sum != "" && encryptionStatus(got).Mode == ModeNone {
		got.Set(headerCustomerKeyMD5, sum)
		got.Set(headerCustomerAlgorithm, sent.Get(headerCustomerAlgorithm))
	}
}

// receiveBody reads the body of a success and checks that it is whole.
func (o operation) receiveBody(call *call, resp *http.Response) (*http.Response, error) {
	defer func(body io.Closer) { _ = body.Close() }(resp.Body)
	limit := int64(maxErrorBody)
	body, err := readUpTo(resp, nil, limit)
	if xmlRoot(body) == "Error" {
		return nil, call.errorIn200(resp, body)
	}
	if o.root != "" && err == nil && int64(len(body)) > limit {
		limit = maxXMLBody
		body, err = readUpTo(resp, body, limit)
	}
	switch {
	case o.root == "":
		// Nothing is expected, and what is there instead decides nothing.
	case err != nil:
		return nil, damaged(resp, "its body is cut off: "+call.secrets.cut(err.Error()))
	case int64(len(body)) > limit:
		return nil, damaged(resp, fmt.Sprintf("its body has more than %d bytes", limit))
	case len(body) == 0:
		return nil, damaged(resp, "it is empty")
	case xmlRoot(body) != o.root || !endsWith(body, o.root):
		return nil, damaged(resp, "its body is not a whole "+o.root)
	default:
		for _, name := range o.elements {
			if isEmptyElement(body, name) {
				return nil, damaged(resp, "there is no "+name+" in its body")
			}
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// receiveError reads the body of an error within its bound. An error of COS has a code (document
// 7730), except as the answer to a HEAD, which has no body.
func (t *signingTransport) receiveError(
	call *call, req *http.Request, resp *http.Response,
) (*http.Response, error) {
	if req.Method == http.MethodHead {
		return resp, nil
	}
	body, err := readUpTo(resp, nil, maxErrorBody)
	_ = resp.Body.Close()
	refusal := &cos.ErrorResponse{}
	if err == nil && len(body) > 0 {
		err = xml.Unmarshal(body, refusal)
	}
	if isMute := err != nil || resp.StatusCode == http.StatusNotFound && refusal.Code == ""; isMute {
		// Overloads and internal errors are what their status says, whatever is left of their body.
		if resp.StatusCode/100 == 4 && resp.StatusCode != http.StatusTooManyRequests {
			return nil, damaged(resp, "it is an error whose code is missing")
		}
		body = nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// readUpTo goes on reading the body of an answer, after what was read of it, to its end or to one
// byte more than limit.
func readUpTo(resp *http.Response, read []byte, limit int64) ([]byte, error) {
	size := int64(512)
	if resp.ContentLength > 0 {
		size = min(resp.ContentLength, limit)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, max(size, int64(len(read)))+bytes.MinRead))
	_, _ = buffer.Write(read)
	_, err := buffer.ReadFrom(io.LimitReader(resp.Body, limit+1-int64(len(read))))
	return buffer.Bytes(), err
}

// errorIn200 is the error that the body of a success turned out to be (document 10881).
func (c *call) errorIn200(resp *http.Response, body []byte) error {
	refusal := &cos.ErrorResponse{Response: resp}
	err := xml.Unmarshal(body, refusal)
	if err != nil || refusal.Code == "" {
		return damaged(resp, "its body is an error that is cut off")
	}
	return refusal
}

// xmlRoot is the name of the first element of a document, "" if there is none. Spaces before it
// keep a connection alive (document 7742).
func xmlRoot(document []byte) string {
	for {
		document = bytes.TrimLeft(document, "\ufeff \t\r\n")
		if !bytes.HasPrefix(document, []byte("<?")) && !bytes.HasPrefix(document, []byte("<!--")) {
			break
		}
		_, rest, found := bytes.Cut(document, []byte(">"))
		if !found {
			return ""
		}
		document = rest
	}
	if !bytes.HasPrefix(document, []byte("<")) {
		return ""
	}
	end := bytes.IndexAny(document, " \t\r\n/>")
	if end < 0 {
		return ""
	}
	return string(document[1:end])
}

// endsWith reports whether a document ends with the end of its root, so that nothing of it is
// missing.
func endsWith(document []byte, root string) bool {
	document = bytes.TrimRight(document, " \t\r\n")
	return bytes.HasSuffix(document, []byte("</"+root+">")) ||
		bytes.HasSuffix(document, []byte("/>")) && bytes.Count(document, []byte("<"+root)) == 1 &&
			bytes.LastIndex(document, []byte("<")) == bytes.Index(document, []byte("<"+root))
}

// isEmptyElement reports whether a document lacks an element, or the text in it.
func isEmptyElement(document []byte, name string) bool {
	_, rest, found := bytes.Cut(document, []byte("<"+name+">"))
	return !found || len(rest) == 0 || rest[0] == '<'
}

// damagedAnswer is an answer of COS that is not whole: what the request did is unknown.
type damagedAnswer struct {
	status    int
	requestID string
	fault     string
}

// Error implements error.
func (e *damagedAnswer) Error() string {
	return fmt.Sprintf("%s: %s (status %d, request id %s)",
		errDamagedAnswer, e.fault, e.status, orDefault(e.requestID, "unknown"))
}

func damaged(resp *http.Response, fault string) error {
	return &damagedAnswer{
		status: resp.StatusCode, requestID: resp.Header.Get(headerRequestID), fault: fault,
	}
}

// errDamagedAnswer: an answer that says too little to believe it.
var errDamagedAnswer = errors.New("the answer is incomplete")

func notCOS(call *call, resp *http.Response, header string) error {
	return &NotCOSError{
		Op: call.op, Ref: call.ref, Status: resp.StatusCode, Header: header,
		ContentType: resp.Header.Get("Content-Type"), Server: resp.Header.Get("Server"),
		retryAfter: retryAfter(resp.Header),
	}
}
