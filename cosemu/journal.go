package cosemu

import (
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// JournalEntry is one request as it was served. It names headers, never their values, and of an
// SSE-C key it holds a salted fingerprint: enough to tell keys apart, useless to read an object.
type JournalEntry struct {
	// Op is COS's name of the operation, for example PutObject or UploadPartCopy.
	Op        string `json:"op"`
	Bucket    string `json:"bucket"`
	Region    string `json:"region"`
	Key       string `json:"key"`
	VersionID string `json:"version_id,omitempty"`
	Status    int    `json:"status"`
	Code      string `json:"code,omitempty"`
	// SSEMode is that of the object written or read: NONE, SSE-COS, SSE-KMS or SSE-C.
	SSEMode        string   `json:"sse_mode"`
	KeyFingerprint string   `json:"key_fingerprint"`
	BytesIn        int64    `json:"bytes_in"`
	BytesOut       int64    `json:"bytes_out"`
	HeaderNames    []string `json:"header_names,omitempty"`
	PartNumber     int      `json:"part_number,omitempty"`
	UploadID       string   `json:"upload_id,omitempty"`
}

// journal is the list of requests served, in the order in which they were answered: the newest, up
// to a limit. It counts all.
type journal struct {
	mu      sync.Mutex
	limit   int // negative: none
	entries []*JournalEntry
	next    int // where the oldest of limit entries is, which the next one takes the place of
	counts  map[string]int
}

func newJournal(limit int) journal { return journal{limit: limit, counts: map[string]int{}} }

// add appends an entry and returns where it is kept, for update.
func (j *journal) add(entry JournalEntry) *JournalEntry {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[entry.Op]++
	if len(j.entries) == j.limit {
		j.entries[j.next] = &entry
		j.next = (j.next + 1) % j.limit
	} else {
		j.entries = append(j.entries, &entry)
	}
	return &entry
}

// update replaces a kept entry.
func (j *journal) update(kept *JournalEntry, entry JournalEntry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	*kept = entry
}

// record writes the exchange into the journal. It runs when the answer's header goes out or the
// connection is reset, so that a client that sees either also finds the entry, and again at the end.
func (x *exchange) record() {
	x.entry.Status, x.entry.BytesOut = x.w.status, max(x.w.written, x.w.declared)
	x.entry.BytesIn = x.body.read.Load()
	if x.kept == nil {
		x.kept = x.journal.add(x.entry)
		return
	}
	x.journal.update(x.kept, x.entry)
}

// finish is record with the bytes that were written, whatever the header had declared.
func (x *exchange) finish() {
	x.w.declared = 0
	x.record()
}

// Journal returns the requests served since the start or the last reset, the oldest first, of more
// than Config.JournalLimit the newest. An entry is there before the client sees its answer.
func (s *Server) Journal() []JournalEntry {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	entries := make([]JournalEntry, 0, len(s.journal.entries))
	for i := range s.journal.entries {
		entries = append(entries, *s.journal.entries[(s.journal.next+i)%len(s.journal.entries)])
	}
	return entries
}

// ResetJournal empties the journal.
func (s *Server) ResetJournal() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.entries, s.journal.next = nil, 0
	clear(s.journal.counts)
}

// Requests counts the requests of one operation since the start or the last reset, those that the
// journal no longer has included.
func (s *Server) Requests(op string) int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.counts[op]
}

// RequestCounts is Requests for every operation that was asked for.
func (s *Server) RequestCounts() map[string]int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return maps.Clone(s.journal.counts)
}

// countingWriter notes status and body size of an answer.
type countingWriter struct {
	http.ResponseWriter
	// onHeader is called once, before the header goes out.
	onHeader func()
	status   int
	// pacer slows the body down; nil does not.
	pacer *pacer
	// declared is the Content-Length of an answer under way that has a body.
	declared, written int64
}

// WriteHeader implements http.ResponseWriter.
func (w *countingWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.onHeader()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *countingWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := writePaced(w.ResponseWriter, p, w.pacer)
	w.written += int64(n)
	return n, err
}

// Flush sends what was written so far.
func (w *countingWriter) Flush() {
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// expectBody notes the Content-Length of the answer to a method that has a body.
func (w *countingWriter) expectBody(method string) {
	n, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	if err == nil && method != http.MethodHead {
		w.declared = n
	}
}

// countingBody counts the bytes of a request's body.
type countingBody struct {
	io.ReadCloser
	pacer *pacer
	read  atomic.Int64
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := readPaced(b.ReadCloser, p, b.pacer)
	b.read.Add(int64(n))
	return n, err
}
