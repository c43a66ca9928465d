package cosapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHugeBodiesCostLittle runs alone, so that nobody else's memory is counted.
func TestHugeBodiesCostLittle(t *testing.T) { //nolint:paralleltest // See above.
	const huge, bound = 400 << 20, 8 << 20
	piece := bytes.Repeat([]byte("<Error><Code>NoSuchKey</Code><Message>"), 1000)
	for name, test := range map[string]struct {
		status int
		call   string
		header map[string]string
	}{
		"error-404":    {404, "GetObject", nil},
		"error-500":    {500, "GetObject", nil},
		"refused-put":  {403, "PutObject", nil},
		"error-in-200": {200, "GetObjectTagging", nil},
		"put-200":      {200, "PutObject", map[string]string{"ETag": `"e"`, headerCRC64: "1"}},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // See above.
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				for name, value := range test.header {
					rw.Header().Set(name, value)
				}
				rw.WriteHeader(test.status)
				for sent := 0; sent < huge; sent += len(piece) {
					if _, err := rw.Write(piece); err != nil {
						return
					}
				}
			}, func(c *Config) { c.MaxRetries = -1 })
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := sampleCalls[test.call].call(t, w)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("a body without an end is believed")
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > bound {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

// drip sends text over and over, a byte at a time, until nobody listens any more.
func drip(rw http.ResponseWriter, req *http.Request, text string) {
	for i := 0; ; i++ {
		if _, err := io.WriteString(rw, text[i%len(text):i%len(text)+1]); err != nil {
			return
		}
		_ = http.NewResponseController(rw).Flush()
		select {
		case <-req.Context().Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// impatient makes limits short and rates high.
func impatient(c *Config) {
	c.MaxRetries = -1
	c.HeaderTimeout, c.RateWindow, c.MinRate = 200*time.Millisecond, 200*time.Millisecond, 1<<20
	c.CopyTimeout = 300 * time.Millisecond
}

func TestDrippingServersAreGivenUp(t *testing.T) {
	t.Parallel()
	body := func(status int) http.HandlerFunc {
		return func(rw http.ResponseWriter, req *http.Request) {
			rw.Header().Set("ETag", `"e"`)
			rw.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			if status == http.StatusOK {
				rw.Header().Set("Content-Length", "100")
			}
			rw.WriteHeader(status)
			if req.Method != http.MethodHead {
				drip(rw, req, " ")
			}
		}
	}
	header := func(rw http.ResponseWriter, req *http.Request) {
		conn, buffered, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nX-Slow: ")
		for {
			if err := errors.Join(buffered.WriteByte('x'), buffered.Flush()); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond) // The pace of the server; nothing waits for it.
		}
	}
	silence := func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		call    string
		want    string
	}{
		"content":       {body(200), "GetObject", "bytes a second"},
		"listing":       {body(200), "GetBucket", "bytes a second"},
		"error":         {body(403), "GetObjectTagging", "bytes a second"},
		"header":        {header, "HeadObject", "header of the answer"},
		"header-of-put": {header, "PutObject", "header of the answer"},
		"silence":       {silence, "HeadObject", "header of the answer"},
		"copy":          {body(200), "PutObjectCopy", "no answer within"},
		"copied-part":   {header, "UploadPartCopy", "no answer within"},
		"complete":      {silence, "CompleteMultipartUpload", "no answer within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				test.handler(rw, req)
			}, impatient)
			err := sampleCalls[test.call].call(t, w)
			if Classify(err) != ClassConnection || !strings.Contains(err.Error(), test.want) {
				t.Errorf("class %d: %v", Classify(err), err)
			}
		})
	}
}

func TestUploadThatNobodyTakesIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	w := newWire(t, func(http.ResponseWriter, *http.Request) { <-release }, impatient)
	t.Cleanup(func() { close(release) })
	body := BytesBody(make([]byte, 15<<20))
	_, err := w.Put(t.Context(), testRef("k"), body, plainPut)
	if err == nil || !strings.Contains(err.Error(), "bytes a second") {
		t.Errorf("%v", err)
	}
}

func TestCopiesMayTakeTheirTime(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"PutObjectCopy", "UploadPartCopy", "CompleteMultipartUpload"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				for range 10 {
					_, _ = io.WriteString(rw, " ")
					_ = http.NewResponseController(rw).Flush()
					time.Sleep(10 * time.Millisecond) // Longer, in all, than others may take.
				}
				_, _ = io.WriteString(rw, sampleCalls[op].whole.body)
			}, func(c *Config) {
				c.MaxRetries = -1
				c.HeaderTimeout, c.RateWindow, c.MinRate = time.Millisecond, time.Millisecond, 1<<30
			})
			if err := sampleCalls[op].call(t, w); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReaderThatTakesItsTimeIsNotCut: only waiting for the server counts, not what a slow disk does
// between two reads.
func TestReaderThatTakesItsTimeIsNotCut(t *testing.T) {
	t.Parallel()
	w := &watch{rate: 1000, window: time.Minute, phase: phaseReceiving}
	if slow, next := w.isSlowToSendBack(); slow || next != w.window {
		t.Errorf("not waiting: slow %t, next in %s", slow, next)
	}
	w.waited = 50 * time.Second
	if slow, next := w.isSlowToSendBack(); slow || next != 10*time.Second {
		t.Errorf("waiting for most of a window: slow %t, next in %s", slow, next)
	}
	w.waited, w.got = time.Minute, 60_000
	if slow, _ := w.isSlowToSendBack(); slow {
		t.Error("the least rate is called slow")
	}
	w.waited, w.got = time.Minute, 60_000+59_999
	if slow, _ := w.isSlowToSendBack(); !slow {
		t.Error("less than the least rate is not called slow")
	}
	w.since = time.Now().Add(-time.Hour)
	if slow, _ := w.isSlowToSendBack(); !slow {
		t.Error("a read that waits for an hour is not called slow")
	}
}

func TestHeadersHaveABound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size     int
		believed bool
	}{"large": {32 << 10, true}, "bloated": {20 << 20, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bloated := found(map[string]string{"X-Padding": strings.Repeat("x", test.size)})
			w := newWire(t, script(bloated), func(c *Config) { c.MaxRetries = -1 })
			_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
			if (err == nil) != test.believed {
				t.Error(err)
			}
			if err != nil && Classify(err) != ClassConnection {
				t.Errorf("class %d: %v", Classify(err), err)
			}
		})
	}
}

func TestDefaultsAreLowEnoughForSlowNetworks(t *testing.T) {
	t.Parallel()
	config := Config{}.withDefaults()
	const slowest = 1_000_000 / 8 / 8 // 1 Mbit/s shared by 8 parts, in bytes a second
	if config.MinRate*10 > slowest {
		t.Errorf("a rate of %d is too near to %d", config.MinRate, slowest)
	}
}
