package cosapi

import (
	"context"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// Config configures a Client. The zero value of a field means the default that its comment names;
// only Credentials is required.
type Config struct {
	// Endpoint is the URL template of buckets, with {bucket} and {region}. Default
	// https://{bucket}.cos.{region}.myqcloud.com. A template without {bucket}, such as a custom
	// domain, needs EndpointBucket.
	Endpoint string
	// EndpointBucket is the one bucket that an Endpoint without {bucket} serves. Requests for
	// other buckets are refused.
	EndpointBucket string
	// EndpointRegion is the one region that an Endpoint without {region} leads to, which needs it.
	// Requests for other regions are refused: they would reach an object of another region.
	EndpointRegion string
	// CopySourceEndpoint is the host template, without a scheme, that copy sources and Client.URL
	// name. Default {bucket}.cos.{region}.myqcloud.com whatever Endpoint is, because COS refuses
	// acceleration domains as copy source.
	CopySourceEndpoint string
	// Credentials sign the requests.
	Credentials credential.Source
	// CABundle is PEM that is trusted in addition to the system's roots.
	CABundle []byte
	// MaxRetries is the number of tries after the first one. Default 5; negative: none.
	MaxRetries int
	// PartSize is the size in bytes from which an upload is made by parts, and of each part.
	// Default 16 MiB. It grows where a file would need more than 10,000 parts.
	PartSize int64
	// TransferConcurrency bounds the parts that are under way at once, over all transfers of the
	// client. Default 8.
	TransferConcurrency int
	// CopyThreshold is the size in bytes above which a copy is made by parts. Default 5 GB
	// (MaxCopySize), COS's limit of a single copy.
	CopyThreshold int64
	// CopyPartSize is the size of the parts of such a copy. Default 512 MiB; it grows like
	// PartSize.
	CopyPartSize int64
	// CheckpointDir is a folder for checkpoints: with one, Put continues an upload of a file by
	// parts that was killed, also in another process. It is made when it is needed. "" means none,
	// and so does a folder that cannot be written.
	CheckpointDir string
	// RequestIDHeader is the header by which an answer is known to be COS's: one without it is a
	// NotCOSError. Default x-cos-request-id (document 7729). A private cloud may name it otherwise.
	RequestIDHeader string
	// BelieveAnyAnswer takes every answer for COS's, for fronts that remove such a header. A page
	// of whatever is in between is then believed: a 404 is a deleted object.
	BelieveAnyAnswer bool
	// IdleTimeout is how long a connection may move no byte before it is cut and the request
	// tried again. Default 60 s.
	IdleTimeout time.Duration
	// HeaderTimeout is how long the header of an answer may take to come, from when the request
	// was sent. Default 60 s.
	HeaderTimeout time.Duration
	// MinRate is the number of bytes a second that a request or an answer must move, over
	// RateWindow, once it moves. Default 1,024, which 8 parts that share 1 Mbit/s exceed 15 times;
	// negative: none. RateWindow is 30 s by default.
	MinRate    int64
	RateWindow time.Duration
	// CopyIdleTimeout and CopyTimeout are for requests that COS works on before it answers: a copy,
	// a copied part and the completion of an upload. They have no other deadline and no rate,
	// because COS sends at most spaces meanwhile (document 7742). One may be silent for
	// CopyIdleTimeout, 10 min by default, and take CopyTimeout in all, 1 h by default.
	CopyIdleTimeout, CopyTimeout time.Duration
	// UserAgent is sent with every request.
	UserAgent string
	// Observe is called after every try of every request, concurrently.
	Observe func(context.Context, Event)
	// Progress is called during long transfers, concurrently.
	Progress func(context.Context, Progress)
	// Sleep waits between tries; tests replace it. It returns the context's error when that ends
	// the wait.
	Sleep func(context.Context, time.Duration) error
	// Now is the clock that signatures are made with.
	Now func() time.Time
}

// Event describes one try of one request. It can be logged as it is: it has no header, no key and
// no credential.
type Event struct {
	Op        string
	Ref       ObjectRef
	Attempt   int // 1 for the first try
	Duration  time.Duration
	Status    int // 0: no answer
	Code      string
	RequestID string
	Bytes     int64 // length of the request's body
	Err       error // nil if the try succeeded
}

// Progress describes a transfer that is under way. Bytes that were sent twice count once.
type Progress struct {
	Op          string
	Ref         ObjectRef
	Done, Total int64 // bytes
	Elapsed     time.Duration
}

const (
	defaultEndpoint            = "https://{bucket}.cos.{region}.myqcloud.com"
	defaultCopySourceEndpoint  = "{bucket}.cos.{region}.myqcloud.com"
	defaultMaxRetries          = 5
	defaultPartSize            = 16 << 20
	defaultTransferConcurrency = 8
	defaultCopyPartSize        = 512 << 20
	defaultIdleTimeout         = time.Minute
	defaultHeaderTimeout       = time.Minute
	defaultMinRate             = 1024
	defaultRateWindow          = 30 * time.Second
	defaultCopyIdleTimeout     = 10 * time.Minute
	defaultCopyTimeout         = time.Hour
)

// withDefaults fills in the zero fields.
func (c Config) withDefaults() Config {
	c.Endpoint = orDefault(c.Endpoint, defaultEndpoint)
	c.CopySourceEndpoint = orDefault(c.CopySourceEndpoint, defaultCopySourceEndpoint)
	c.MaxRetries = orDefault(c.MaxRetries, defaultMaxRetries)
	c.PartSize = orDefault(c.PartSize, defaultPartSize)
	c.TransferConcurrency = orDefault(c.TransferConcurrency, defaultTransferConcurrency)
	c.CopyThreshold = orDefault(c.CopyThreshold, MaxCopySize)
	c.CopyPartSize = orDefault(c.CopyPartSize, defaultCopyPartSize)
	c.IdleTimeout = orDefault(c.IdleTimeout, defaultIdleTimeout)
	c.HeaderTimeout = orDefault(c.HeaderTimeout, defaultHeaderTimeout)
	c.MinRate = orDefault(c.MinRate, defaultMinRate)
	c.RateWindow = orDefault(c.RateWindow, defaultRateWindow)
	c.CopyIdleTimeout = orDefault(c.CopyIdleTimeout, defaultCopyIdleTimeout)
	c.CopyTimeout = orDefault(c.CopyTimeout, defaultCopyTimeout)
	c.RequestIDHeader = orDefault(c.RequestIDHeader, headerRequestID)
	if c.BelieveAnyAnswer {
		c.RequestIDHeader = ""
	}
	c.UserAgent = orDefault(c.UserAgent, "terraform-provider-cos")
	if c.Observe == nil {
		c.Observe = func(context.Context, Event) {}
	}
	if c.Progress == nil {
		c.Progress = func(context.Context, Progress) {}
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// sleep waits, or returns the context's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
