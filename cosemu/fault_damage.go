package cosemu

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// answerDamaged answers, and damages the answer on the way.
func (x *exchange) answerDamaged(handle handler) {
	answer := &damagedWriter{ResponseWriter: x.w.ResponseWriter, x: x, fault: x.fault}
	x.w.ResponseWriter = answer
	x.answerUnderFault(handle)
	switch {
	case x.fault.Stall && answer.broken:
		// Here, not in Write: a handler may answer under the store's mutex.
		x.finish()
		if answer.bodied {
			_ = http.NewResponseController(answer.ResponseWriter).Flush()
		}
		<-x.r.Context().Done()
		panic(http.ErrAbortHandler)
	case answer.broken:
		_ = http.NewResponseController(answer.ResponseWriter).Flush()
		x.finish()
		panic(http.ErrAbortHandler)
	}
}

// damagedWriter passes an answer on as a fault wants it.
type damagedWriter struct {
	http.ResponseWriter
	x      *exchange
	fault  *Fault
	length int64 // of the body; negative: not known
	sent   int64
	bodied bool // the header went out before a body
	broken bool // what follows is not sent
}

// WriteHeader implements http.ResponseWriter.
func (w *damagedWriter) WriteHeader(status int) {
	header := w.Header()
	w.length = -1
	if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		w.length = n
	}
	w.damageHeader(header)
	hasBody := w.length != 0 && w.x.r.Method != http.MethodHead &&
		status != http.StatusNoContent && status != http.StatusNotModified
	if w.fault.Stall && !hasBody {
		w.broken = true
		return
	}
	w.bodied = hasBody
	if hasBody && w.fault.BloatBody > 0 && w.length >= 0 {
		header.Set("Content-Length", strconv.FormatInt(w.length+w.fault.BloatBody, 10))
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *damagedWriter) damageHeader(header http.Header) {
	for name, drop := range map[string]bool{
		headerSSE: w.fault.NoEncryptionEcho, headerCRC64: w.fault.NoCRC64,
		headerETag: w.fault.NoETag, headerRequestID: w.fault.NoRequestID,
	} {
		if drop {
			dropHeaders(header, name)
		}
	}
	if crc := valuesOf(header, headerCRC64); w.fault.WrongCRC64 && len(crc) > 0 {
		set(header, headerCRC64, otherNumber(crc[0]))
	}
	const each = 4 << 10
	for n := int64(0); n < w.fault.BloatHeaders; n += each {
		set(header, "x-cos-filler-"+strconv.FormatInt(n/each, 10), strings.Repeat("x", each))
	}
}

// otherNumber is a number with another last digit.
func otherNumber(number string) string {
	last := number[len(number)-1]
	return number[:len(number)-1] + string('0'+(last-'0'+1)%10)
}

// Write implements io.Writer. It claims to have written everything: the server does not notice.
func (w *damagedWriter) Write(p []byte) (int, error) {
	if w.broken {
		return len(p), nil
	}
	damaged := w.damageBody(p)
	if w.fault.Truncate || w.fault.Stall {
		damaged = w.firstHalf(damaged)
	}
	if w.fault.BloatBody > 0 && w.sent == 0 {
		if err := w.bloat(&damaged); err != nil {
			return 0, err
		}
	}
	w.sent += int64(len(p))
	if err := w.pass(damaged); err != nil {
		return 0, err
	}
	return len(p), nil
}

// firstHalf is what is sent of a piece before the answer breaks: of a body of unknown length, half
// of its first piece.
func (w *damagedWriter) firstHalf(p []byte) []byte {
	half := int64(len(p) / 2)
	if w.length >= 0 {
		half = min(w.length/2-w.sent, int64(len(p)))
	}
	w.broken = w.length < 0 || half < int64(len(p)) || w.sent+half == w.length/2
	return p[:half]
}

var crcElement = regexp.MustCompile(`<CRC64>[0-9]+</CRC64>`)

// damageBody changes a piece of the body, and never its length.
func (w *damagedWriter) damageBody(p []byte) []byte {
	first := w.sent == 0
	if w.fault.Malformed && first && bytes.HasPrefix(p, []byte("<?xml")) {
		p = bytes.ReplaceAll(p, []byte("</"), []byte("<<"))
	}
	if first && (w.fault.WrongCRC64 || w.fault.NoCRC64) {
		p = crcElement.ReplaceAllFunc(p, func(element []byte) []byte {
			if w.fault.NoCRC64 {
				return bytes.Repeat([]byte(" "), len(element))
			}
			number := element[len("<CRC64>") : len(element)-len("</CRC64>")]
			return []byte("<CRC64>" + otherNumber(string(number)) + "</CRC64>")
		})
	}
	if middle := max(w.length, int64(len(p)))/2 - w.sent; w.fault.FlipBit &&
		0 <= middle && middle < int64(len(p)) && (w.length >= 0 || first) {
		p = bytes.Clone(p)
		p[middle] ^= 1
	}
	return p
}

// bloat sends the additional bytes: of a document behind its declaration, where XML allows spaces.
func (w *damagedWriter) bloat(p *[]byte) error {
	if end := bytes.Index(*p, []byte("?>")); end >= 0 {
		if err := w.pass((*p)[:end+2]); err != nil {
			return err
		}
		*p = (*p)[end+2:]
	}
	filler := bytes.Repeat([]byte(" "), 64<<10)
	for rest := w.fault.BloatBody; rest > 0; rest -= int64(len(filler)) {
		filler = filler[:min(int64(len(filler)), rest)]
		if err := w.pass(filler); err != nil {
			return err
		}
	}
	return nil
}

// pass sends bytes, one by one if the answer dribbles.
func (w *damagedWriter) pass(p []byte) error {
	if w.fault.DribbleMS == 0 {
		_, err := w.ResponseWriter.Write(p)
		return err
	}
	for i := range p {
		if _, err := w.ResponseWriter.Write(p[i : i+1]); err != nil {
			return err
		}
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.x.pause(w.x.r, time.Duration(w.fault.DribbleMS)*time.Millisecond)
		if err := w.x.r.Context().Err(); err != nil {
			return err
		}
	}
	return nil
}

// Unwrap lets http.ResponseController reach the connection.
func (w *damagedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// valuesOf are the values of a header as it is spelt in header, which set does not canonicalize.
func valuesOf(header http.Header, name string) []string { return header[name] }
