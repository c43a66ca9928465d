package cosemu

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server is an emulated COS. As an http.Handler it can be served by anything; Start gives it a
// listener of its own.
type Server struct {
	config   Config
	store    *store
	salt     []byte
	sequence atomic.Uint64
	journal  journal
	clock    *emulatedClock
	current  atomic.Pointer[Settings]
	faults   faultScript
	batch    batchEngine

	mu          sync.Mutex
	credentials map[string]Credential
	kmsKeys     map[string]KMSKeyState

	// trusting serves unsigned requests. Only this package's tests set it.
	trusting bool
	// sleep is time.Sleep but in this package's tests.
	sleep func(time.Duration)

	listeners
}

// New returns a server without a listener.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	clock := &emulatedClock{base: config.Now}
	config.Now = clock.now
	s := &Server{
		config: config, clock: clock, store: newStore(config.ListLag),
		journal: newJournal(config.JournalLimit), salt: make([]byte, 32),
		credentials: map[string]Credential{}, kmsKeys: map[string]KMSKeyState{},
		sleep: time.Sleep,
	}
	settings := config.settings()
	s.current.Store(&settings)
	if _, err := rand.Read(s.salt); err != nil {
		return nil, fmt.Errorf("salting SSE-C key digests: %w", err)
	}
	for _, credential := range config.Credentials {
		s.credentials[credential.SecretID] = credential
	}
	s.config.KMSKeys = nil
	for _, text := range config.KMSKeys {
		id, state, _ := splitKMSKey(text)
		s.config.KMSKeys, s.kmsKeys[id] = append(s.config.KMSKeys, id), state
	}
	if err := s.SetChaos(config.Chaos); err != nil {
		return nil, err
	}
	if err := s.fill(); err != nil {
		return nil, errors.Join(err, s.store.disk.close())
	}
	return s, nil
}

// fill makes the account what it was, and what it is configured to be.
func (s *Server) fill() error {
	if s.config.Data != "" {
		if err := s.load(); err != nil {
			return err
		}
	}
	configured := map[*bucket]bool{}
	for i, text := range slices.Concat(s.config.Buckets, s.config.VersionedBuckets) {
		versioning, objects := "", 0
		if i >= len(s.config.Buckets) {
			versioning = versioningEnabled
		}
		if i == 0 {
			objects = s.config.Objects
		}
		b, err := s.configureBucket(text, versioning, objects)
		if err != nil {
			return err
		}
		if configured[b] {
			return fmt.Errorf("bucket %s: it is configured twice", b.name)
		}
		configured[b] = true
	}
	return nil
}

// configureBucket makes a bucket, unless it is there.
func (s *Server) configureBucket(text, versioning string, objects int) (*bucket, error) {
	name, region, found := strings.Cut(text, "@")
	if !found {
		region = s.config.Regions[0]
	}
	if !slices.Contains(s.config.Regions, region) {
		return nil, fmt.Errorf("bucket %s: no region %s", name, region)
	}
	if b := s.store.find(name, region); b != nil {
		return b, nil
	}
	b := newBucket(name, region, versioning, s.config.Now())
	if objects > 0 {
		b.bulk = newBulk(objects, s.config.Now().AddDate(0, 0, -1))
	}
	if err := s.store.addBucket(b); err != nil {
		return nil, fmt.Errorf("bucket %s: %w", name, err)
	}
	return b, nil
}

// exchange is one request and its answer on the way through the server.
type exchange struct {
	*Server
	w         *countingWriter
	r         *http.Request
	query     map[string]string // names in lower case: COS's own documents spell them both ways
	requestID string
	body      *countingBody
	secure    bool
	fault     *Fault
	bucket    *bucket
	control   *controlRequest // of requests to COS Batch
	aws       *awsSignature   // of requests that are signed by AWS's version 4
	entry     JournalEntry
	kept      *JournalEntry // where the journal keeps entry, once the answer's header went out
}

func (s *Server) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{
		Server: s, r: r, requestID: s.newRequestID(), query: lowerQuery(r.URL.RawQuery),
		secure: r.TLS != nil, w: &countingWriter{ResponseWriter: w},
		body: &countingBody{ReadCloser: r.Body},
	}
	r.Body = x.body
	x.translateAWS()
	x.w.onHeader = func() {
		if x.aws != nil {
			x.answerAWS()
		}
		x.w.expectBody(r.Method)
		x.record()
	}
	return x
}

// handler carries out one operation. It either answers or returns an error, never both.
type handler func(*exchange) *apiError

// ServeHTTP carries out a request: identify, inject faults, authenticate, handle, record.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.newExchange(w, r)
	op, handle, err := x.identify()
	x.entry.Op = op
	x.fault = s.faults.take(op, x.entry.Key)
	defer x.finish()
	s.pause(r, time.Duration(s.Settings().Latency))
	if s.config.Before != nil {
		s.config.Before(op, r)
	}
	s.runJobs()
	header := w.Header()
	set(header, headerRequestID, x.requestID)
	header.Set("Server", "tencent-cos")
	header.Set("Date", s.config.Now().UTC().Format(http.TimeFormat))
	if err != nil {
		x.fail(err)
		return
	}
	x.dispatch(handle)
}

// dispatch runs the handler under the exchange's fault.
func (x *exchange) dispatch(handle handler) {
	if x.fault == nil {
		x.carryOut(handle)
		return
	}
	x.underFault(handle)
}

// carryOut authenticates and handles.
func (x *exchange) carryOut(handle handler) {
	if err := x.authenticate(); err != nil {
		x.fail(err)
		return
	}
	if x.control != nil {
		x.carryOutControl(handle)
		return
	}
	if x.bucket == nil && x.entry.Op != opPutBucket && x.entry.Op != opGetService {
		x.fail(failure("NoSuchBucket", "The specified bucket does not exist."))
		return
	}
	if err := checkRequestHeaders(x.r.Header); err != nil {
		x.fail(err)
		return
	}
	if err := x.limitTraffic(); err != nil {
		x.fail(err)
		return
	}
	if err := handle(x); err != nil {
		x.fail(err)
	}
}

// pause waits, unless the client goes away.
func (s *Server) pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// lowerQuery is a query with names in lower case; of a repeated name the first value counts.
// Semicolons are ordinary characters: they stand in the q-* fields of presigned URLs.
func lowerQuery(raw string) map[string]string {
	query := map[string]string{}
	for field := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(field, "=")
		name = strings.ToLower(unescapeQuery(name))
		if _, ok := query[name]; name != "" && !ok {
			query[name] = unescapeQuery(value)
		}
	}
	return query
}
