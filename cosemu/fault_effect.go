package cosemu

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// underFault serves a request as its fault says: carried out or not, answered truly or not, and the
// answer damaged or not.
func (x *exchange) underFault(handle handler) {
	fault := x.fault
	x.pause(x.r, time.Duration(fault.DelayMS)*time.Millisecond)
	if fault.Act || fault.DropAnswer {
		x.carryOutSilently(handle)
	}
	switch {
	case fault.Reset || fault.DropAnswer:
		x.hangUp(true, "")
	case fault.EOF:
		x.hangUp(false, "")
	case fault.Garbage:
		x.hangUp(false, "\x16\x03 this is no HTTP\r\n\r\n")
	default:
		x.answerDamaged(handle)
	}
}

// answerUnderFault is the answer that a fault names, or the true one.
func (x *exchange) answerUnderFault(handle handler) {
	switch fault := x.fault; {
	case fault.ErrorIn200:
		x.failIn200(fault.error())
	case fault.Status != 0 || fault.Code != "":
		x.failWith(fault.status(), x.faultError())
	case fault.Gateway != 0:
		x.answerAsGateway(fault.Gateway)
	case fault.Redirect != "":
		x.w.Header().Set("Location", fault.Redirect)
		x.answerAsGateway(http.StatusTemporaryRedirect)
	case fault.Empty:
		x.drain()
		x.answerEmpty(http.StatusOK)
	default:
		x.carryOut(x.withoutEncryption(handle))
	}
}

// faultError is the error that a fault answers with, with the request in it if it echoes.
func (x *exchange) faultError() *apiError {
	err := x.fault.error()
	if !x.fault.Echo {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", x.r.Method, x.r.URL.RequestURI(), x.r.Host)
	_ = x.r.Header.Write(&text)
	err.message = "The request was: " + text.String()
	return err
}

// gatewayPage is what something between client and service says.
const gatewayPage = `<!DOCTYPE html><html><head><title>%[1]d %[2]s</title></head>` +
	`<body><h1>%[1]d %[2]s</h1><hr>gateway</body></html>`

// answerAsGateway answers without anything that shows COS.
func (x *exchange) answerAsGateway(status int) {
	x.drain()
	header := x.w.Header()
	dropHeaders(header, "x-cos-")
	body := fmt.Sprintf(gatewayPage, status, http.StatusText(status))
	header.Set("Server", "gateway")
	header.Set("Content-Type", "text/html")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write([]byte(body))
	}
}

// statusCodes are the codes that faults of which only the status is given answer with.
var statusCodes = map[int]string{
	400: "InvalidRequest", 403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed",
	409: "PathConflict", 412: "PreconditionFailed", 429: "SlowDown", 501: "NotImplemented",
	503: "ServiceUnavailable",
}

// error is the error that a fault answers with.
func (f *Fault) error() *apiError {
	code := f.Code
	if code == "" {
		code = statusCodes[f.Status]
	}
	if code == "" {
		code = "InternalError"
	}
	return failure(code, "A scripted fault of the emulator.")
}

// status is the HTTP status that a fault answers with.
func (f *Fault) status() int {
	if f.Status != 0 {
		return f.Status
	}
	if status, ok := statusOf[f.Code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// failIn200 answers 200 with an error document: a failure after the status line went out.
func (x *exchange) failIn200(err *apiError) {
	x.drain()
	x.entry.Code = err.code
	body := marshalXML(x.errorBody(err))
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}

// carryOutSilently carries the request out, but nobody hears of it.
func (x *exchange) carryOutSilently(handle handler) {
	answered := x.w.ResponseWriter
	x.w.ResponseWriter = &deafWriter{header: answered.Header().Clone()}
	x.carryOut(x.withoutEncryption(handle))
	x.w.ResponseWriter, x.w.written, x.w.declared = answered, 0, 0
	if !x.fault.DropAnswer && !x.fault.Reset && !x.fault.EOF && !x.fault.Garbage {
		x.w.status = 0 // another answer follows
	}
}

// deafWriter swallows an answer.
type deafWriter struct{ header http.Header }

func (w *deafWriter) Header() http.Header         { return w.header }
func (w *deafWriter) WriteHeader(int)             {}
func (w *deafWriter) Write(p []byte) (int, error) { return len(p), nil }

// withoutEncryption is the handler, or with DropEncryption one that does not see the encryption
// asked for. The headers go only after the signature over them was verified.
func (x *exchange) withoutEncryption(handle handler) handler {
	if !x.fault.DropEncryption {
		return handle
	}
	return func(x *exchange) *apiError {
		dropHeaders(x.r.Header, headerSSE)
		return handle(x)
	}
}

// dropHeaders removes the headers whose names begin with prefix, in any spelling.
func dropHeaders(header http.Header, prefix string) {
	for name := range header {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(prefix)) {
			delete(header, name)
		}
	}
}

// hangUp ends the connection after some bytes, by a reset or in order. A server without a
// connection of its own aborts the handler.
func (x *exchange) hangUp(reset bool, after string) {
	x.record()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if !reset {
		_, _ = conn.Write([]byte(after))
		_ = conn.Close()
		return
	}
	resetConnection(conn)
}

func resetConnection(conn net.Conn) {
	for {
		wrapper, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = wrapper.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	// Not the outer connection's Close: TLS would say goodbye first.
	_ = conn.Close()
}
