package cosapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// Client makes requests to COS. It is safe for concurrent use and has one pool of connections:
// make one Client per process, not one per bucket.
type Client struct {
	config Config
	http   *http.Client

	// sdkClients holds a *cos.Client per bucket URL; the SDK binds a client to a bucket.
	sdkClients sync.Map

	// skew is how far COS's clock is ahead of ours, in nanoseconds, by the last Date header.
	skew atomic.Int64

	// patience is answerPatience; tests have less.
	patience time.Duration

	// lastFit is the name, a string, of the key of a keyring that opened an object last: those of a
	// prefix tend to have the same.
	lastFit atomic.Value

	// transfers bounds the parts that are under way at once, over all transfers.
	transfers chan struct{}
}

// New returns a client. It makes no request. It refuses an endpoint that is not HTTPS (COS
// encrypts only over HTTPS: document 18145), one without {bucket} or {region} unless
// EndpointBucket or EndpointRegion is given,
// and a CA bundle without a certificate.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	if config.Credentials == nil {
		return nil, errors.New("no credentials given")
	}
	if err := ValidateEndpoint(
		config.Endpoint, config.EndpointBucket, config.EndpointRegion,
	); err != nil {
		return nil, err
	}
	base, err := newTransport(config)
	if err != nil {
		return nil, err
	}
	client := &Client{
		config:    config,
		patience:  answerPatience,
		transfers: make(chan struct{}, max(config.TransferConcurrency, 1)),
	}
	client.http = &http.Client{
		Transport: &signingTransport{config: config, base: base},
		// A redirect could lead a signed request, or a customer key, to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, nil
}

// ValidateEndpoint checks an endpoint template as New does. bucket and region are
// Config.EndpointBucket and Config.EndpointRegion.
func ValidateEndpoint(template, bucket, region string) error {
	example := expandTemplate(template, ObjectRef{Bucket: "bucket-1250000000", Region: "region"})
	u, err := url.Parse(example)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("endpoint %q is not a URL such as %s", template, defaultEndpoint)
	case u.Scheme == "http":
		return fmt.Errorf("endpoint %q must be https://: COS encrypts over HTTPS only", template)
	case u.Scheme != "https":
		return fmt.Errorf("endpoint %q must start with https://", template)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("endpoint %q may have a host and a port only", template)
	case strings.ContainsAny(example, "{}"):
		return fmt.Errorf("endpoint %q has a placeholder other than {bucket} and {region}", template)
	case !strings.Contains(template, "{bucket}") && bucket == "":
		return fmt.Errorf("endpoint %q has no {bucket}: say which bucket it serves", template)
	case !strings.Contains(template, "{region}") && region == "":
		return fmt.Errorf("endpoint %q has no {region}: say which region it serves", template)
	case region != "":
		return ValidateRegion(region)
	}
	return nil
}

// Endpoint returns the endpoint template in use.
func (c *Client) Endpoint() string { return c.config.Endpoint }

// URL returns the canonical https URL of an object: host-style with the copy source endpoint,
// whatever Config.Endpoint is. ParseObjectURL reads it. The URL is not signed.
func (c *Client) URL(ref ObjectRef) string {
	u := url.URL{
		Scheme: "https",
		Host:   expandTemplate(c.config.CopySourceEndpoint, ref),
		Path:   "/" + ref.Key,
	}
	if ref.VersionID != "" {
		u.RawQuery = "versionId=" + url.QueryEscape(ref.VersionID)
	}
	return u.String()
}

// copySource is the value of x-cos-copy-source: host form, no scheme, every byte of the key
// encoded but the slash (document 10881).
func (c *Client) copySource(ref ObjectRef) string {
	source := expandTemplate(c.config.CopySourceEndpoint, ref) + "/" + encodeKey(ref.Key)
	if ref.VersionID != "" {
		source += "?versionId=" + url.QueryEscape(ref.VersionID)
	}
	return source
}

// encodeKey encodes a key for a header: like a path, and "+" too, which some decoders of COS take
// for a space.
func encodeKey(key string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		segments[i] = strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
	}
	return strings.Join(segments, "/")
}

func expandTemplate(template string, ref ObjectRef) string {
	return strings.NewReplacer("{bucket}", ref.Bucket, "{region}", ref.Region).Replace(template)
}

// sdk returns the SDK's client for ref's bucket.
func (c *Client) sdk(ref ObjectRef) (*cos.Client, error) {
	if !strings.Contains(c.config.Endpoint, "{bucket}") && ref.Bucket != c.config.EndpointBucket {
		return nil, fmt.Errorf("endpoint %s serves only the bucket %s",
			c.config.Endpoint, c.config.EndpointBucket)
	}
	if !strings.Contains(c.config.Endpoint, "{region}") && ref.Region != c.config.EndpointRegion {
		return nil, fmt.Errorf("endpoint %s serves only the region %s",
			c.config.Endpoint, c.config.EndpointRegion)
	}
	address := expandTemplate(c.config.Endpoint, ref)
	if known, ok := c.sdkClients.Load(address); ok {
		if client, ok := known.(*cos.Client); ok {
			return client, nil
		}
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%q in region %q is no host name", ref.Bucket, ref.Region)
	}
	client := cos.NewClient(&cos.BaseURL{BucketURL: u}, c.http)
	client.UserAgent = c.config.UserAgent
	client.Conf.RetryOpt.Count = 1
	// Bodies are hashed here, once; the SDK's own check would hash them again and fails when COS
	// leaves the header out.
	client.Conf.EnableCRC = false
	c.sdkClients.Store(address, client)
	return client, nil
}
