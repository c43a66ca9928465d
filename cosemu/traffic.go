package cosemu

import (
	"cmp"
	"io"
	"strconv"
)

// The bounds of x-cos-traffic-limit, in bits a second.
const minTrafficLimit, maxTrafficLimit = 819200, 838860800

// limitTraffic slows the bodies of a request and of its answer down to what x-cos-traffic-limit
// says, which may be a header or a parameter.
func (x *exchange) limitTraffic() *apiError {
	const name = "x-cos-traffic-limit"
	text := cmp.Or(x.r.Header.Get(name), x.query[name])
	if text == "" {
		return nil
	}
	limit, err := strconv.ParseInt(text, 10, 64)
	if err != nil || limit < minTrafficLimit || limit > maxTrafficLimit {
		return invalid("%s must be from %d to %d.", name, minTrafficLimit, maxTrafficLimit)
	}
	x.body.pacer = &pacer{rate: limit / 8, sleep: x.sleep}
	x.w.pacer = &pacer{rate: limit / 8, sleep: x.sleep}
	return nil
}

// readPaced reads no more at once than may pass between two waits. Without a pacer it only reads.
func readPaced(r io.Reader, p []byte, pace *pacer) (int, error) {
	if pace == nil {
		return r.Read(p)
	}
	n, err := r.Read(p[:min(len(p), pace.piece())])
	pace.spend(n)
	return n, err
}

// writePaced writes piece by piece: to send everything at once and wait then would be no limit for
// a small answer. Without a pacer it only writes.
func writePaced(w io.Writer, p []byte, pace *pacer) (int, error) {
	if pace == nil {
		return w.Write(p)
	}
	written := 0
	for written < len(p) {
		n, err := w.Write(p[written:min(len(p), written+pace.piece())])
		written += n
		if err != nil {
			return written, err
		}
		pace.spend(n)
	}
	return written, nil
}
