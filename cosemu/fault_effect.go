package cosemu

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// underFault serves a request as its fault says.
func (x *exchange) underFault(handle handler) {
	fault := x.fault
	x.pause(x.r, time.Duration(fault.DelayMS)*time.Millisecond)
	switch {
	case fault.Reset:
		x.hangUp()
	case fault.ErrorIn200:
		x.failIn200(fault.error())
	case fault.Status != 0 || fault.Code != "":
		x.failWith(fault.status(), fault.error())
	case fault.DropAnswer:
		x.dropAnswer(handle)
	default:
		x.damaged(handle)
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
	x.entry.Code = err.code
	body := marshalXML(x.errorBody(err))
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}

// dropAnswer carries the request out, but nobody hears of it.
func (x *exchange) dropAnswer(handle handler) {
	answered := x.w.ResponseWriter
	x.w.ResponseWriter = &deafWriter{header: answered.Header().Clone()}
	x.carryOut(handle)
	x.w.ResponseWriter, x.w.written = answered, 0
	x.hangUp()
}

// deafWriter swallows an answer.
type deafWriter struct{ header http.Header }

func (w *deafWriter) Header() http.Header         { return w.header }
func (w *deafWriter) WriteHeader(int)             {}
func (w *deafWriter) Write(p []byte) (int, error) { return len(p), nil }

// damaged carries the request out and damages the request or its answer on the way.
func (x *exchange) damaged(handle handler) {
	fault := x.fault
	if fault.DropEncryption {
		inner := handle
		// The headers go only after the signature over them was verified.
		handle = func(x *exchange) *apiError {
			dropHeaders(x.r.Header, headerSSE)
			return inner(x)
		}
	}
	answer := &damagedWriter{ResponseWriter: x.w.ResponseWriter, fault: fault}
	x.w.ResponseWriter = answer
	x.carryOut(handle)
	if answer.cut {
		_ = http.NewResponseController(answer.ResponseWriter).Flush()
		x.finish()
		panic(http.ErrAbortHandler)
	}
}

// dropHeaders removes the headers whose names begin with prefix, in any spelling.
func dropHeaders(header http.Header, prefix string) {
	for name := range header {
		if strings.HasPrefix(strings.ToLower(name), prefix) {
			delete(header, name)
		}
	}
}

// damagedWriter leaves headers out of an answer or cuts its body in half.
type damagedWriter struct {
	http.ResponseWriter
	fault  *Fault
	budget int64 // bytes that may still pass; negative: half of each piece
	cut    bool
}

// WriteHeader implements http.ResponseWriter.
func (w *damagedWriter) WriteHeader(status int) {
	header := w.Header()
	if w.fault.NoEncryptionEcho {
		dropHeaders(header, headerSSE)
	}
	if w.fault.NoCRC64 {
		dropHeaders(header, headerCRC64)
	}
	w.budget = -1
	if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		w.budget = n / 2
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer. It claims to have written everything: the server does not notice.
func (w *damagedWriter) Write(p []byte) (int, error) {
	if !w.fault.Truncate {
		return w.ResponseWriter.Write(p)
	}
	w.cut = true
	half := int64(len(p) / 2)
	if w.budget >= 0 {
		half = min(w.budget, int64(len(p)))
		w.budget -= half
	}
	if _, err := w.ResponseWriter.Write(p[:half]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Unwrap lets http.ResponseController reach the connection.
func (w *damagedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// hangUp resets the connection. A server without a connection of its own aborts the handler.
func (x *exchange) hangUp() {
	x.record()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	tcp := conn
	for {
		wrapper, ok := tcp.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		tcp = wrapper.NetConn()
	}
	if tcp, ok := tcp.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	// Not conn.Close: TLS would say goodbye first.
	_ = tcp.Close()
}
