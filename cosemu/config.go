package cosemu

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config describes the emulated account. The zero value is an account without buckets.
type Config struct {
	// Regions that exist; default ap-guangzhou. The first is where buckets live by default.
	Regions []string
	// Buckets are named name-appid, or name-appid@region for another region than the first.
	Buckets []string
	// VersionedBuckets are buckets with versioning enabled, named like Buckets.
	VersionedBuckets []string
	// Objects is a number of objects in the first bucket that take no memory until they are
	// written, changed or deleted: bulk/00000000 and so on, 1 KiB each, encrypted with SSE-COS but
	// for every hundredth (those that end in 99), written one day before the start. At most
	// 100,000,000.
	Objects int
	// Chaos breaks a share of all requests from the start. The zero value breaks none. Its Seed also
	// decides for faults with a Percent.
	Chaos Chaos
	// JournalLimit is how many entries the journal keeps, the newest; default 65,536. A negative
	// number keeps all.
	JournalLimit int
	// Credentials that may sign requests; default DocumentedCredential.
	Credentials []Credential
	// KMSKeys that exist, as <id> or <id>=<state> with a KMSKeyState. The first is the default CMK
	// that COS uses when a request names none; the default is DefaultKMSKey.
	KMSKeys []string
	// Latency is added to every request.
	Latency time.Duration
	// RestoreDelay is how long a restore takes; 0 restores at once.
	RestoreDelay time.Duration
	// Data is a directory in which everything is kept beyond the end of the process: buckets with all
	// versions and open uploads, the states of KMS keys, the clock and the certificates. What the
	// other members say of these counts for what is not there yet. "" keeps all in memory. One
	// process at a time may use a directory.
	Data string
	// Discard keeps no body above 1 MiB, for benchmarks. Sizes, ETags and CRC64s stay right;
	// reading such a body serves as many zero bytes.
	Discard bool
	// ConnectionRate limits each connection to that many bytes a second in each direction; 0 is
	// unlimited.
	ConnectionRate int64
	// CompleteDelay is how long Complete Multipart Upload sends spaces before its answer.
	CompleteDelay time.Duration
	// ListLag makes listings show the state of that long ago.
	ListLag time.Duration
	// CopyLimit is the size above which PUT Object - Copy is refused; default 5 GiB (10881).
	CopyLimit int64
	// WrongKeyStatus is that of Choices.
	WrongKeyStatus int
	// Choices are answers that COS's documents leave open.
	Choices Choices
	// Proxy lets the server's CA vouch for COS's own domains, *.myqcloud.com and *.tencentcos.cn, and
	// permits StartProxy. Give that CA to single programs, never to a whole machine.
	Proxy bool
	// AllowPlainHTTP serves SSE-C over plain HTTP, which COS refuses. It is for clients that cannot
	// be given a certificate; a key then crosses the network in the clear.
	AllowPlainHTTP bool
	// AllowRemote lets other machines connect: StartAt and its like take any address. It needs
	// Credentials other than the documented ones, and the admin address then asks for one of them
	// by HTTP Basic authentication.
	AllowRemote bool
	// Batch is COS Batch.
	Batch BatchConfig
	// Now is the clock; default time.Now. SetClock and AdvanceClock move against it.
	Now func() time.Time
	// Before is called before each request is carried out, by the goroutine that serves it: what
	// it does falls between two requests of a client. Requests that it makes itself come by too;
	// tell them apart by the request, for example by its User-Agent.
	Before func(op string, r *http.Request)
}

// Credential is a key pair that may sign requests.
type Credential struct {
	SecretID, SecretKey string
	// SecurityToken makes the pair temporary: requests must carry it.
	SecurityToken string
	// Expired makes every request fail with ExpiredToken.
	Expired bool
	// Expires is the moment from which on it is expired; the zero time is never.
	Expires time.Time
}

// DefaultKMSKey is the account's default CMK if Config names no key.
const DefaultKMSKey = "48ba38aa-26c5-11ea-855c-52540085dead"

const (
	defaultRegion       = "ap-guangzhou"
	defaultCopyLimit    = 5 << 30
	defaultJournalLimit = 1 << 16
	discardAbove        = 1 << 20
)

// DocumentedCredential is the pair that COS's signature document publishes as an example (7778).
// It opens nothing but emulators.
func DocumentedCredential() Credential {
	return Credential{
		SecretID:  "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",
		SecretKey: "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
	}
}

var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*-[0-9]+$`)

// check refuses what no account can be. Regions of buckets are checked where they are added.
func (c Config) check() error {
	for _, text := range slices.Concat(c.Buckets, c.VersionedBuckets) {
		if name, _, _ := strings.Cut(text, "@"); !bucketForm.MatchString(name) {
			return fmt.Errorf("bucket %s: the form is name-appid", name)
		}
	}
	for _, credential := range c.Credentials {
		if err := credential.check(c.AllowRemote); err != nil {
			return err
		}
	}
	for _, text := range c.KMSKeys {
		if _, _, err := splitKMSKey(text); err != nil {
			return err
		}
	}
	if err := c.Batch.check(); err != nil {
		return err
	}
	switch {
	case c.Objects < 0 || c.Objects > maxBulk:
		return fmt.Errorf("%d objects: the number is from 0 to %d", c.Objects, maxBulk)
	case c.Objects > 0 && len(c.Buckets)+len(c.VersionedBuckets) == 0:
		return errors.New("objects need a bucket")
	}
	return c.settings().check()
}

// withDefaults fills in what the caller left out.
func (c Config) withDefaults() Config {
	if len(c.Regions) == 0 {
		c.Regions = []string{defaultRegion}
	}
	if len(c.Credentials) == 0 {
		c.Credentials = []Credential{DocumentedCredential()}
	}
	if len(c.KMSKeys) == 0 {
		c.KMSKeys = []string{DefaultKMSKey}
	}
	if c.JournalLimit == 0 {
		c.JournalLimit = defaultJournalLimit
	}
	if c.CopyLimit == 0 {
		c.CopyLimit = defaultCopyLimit
	}
	c.Choices.WrongKeyStatus = cmp.Or(c.Choices.WrongKeyStatus, c.WrongKeyStatus)
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Batch = c.Batch.withDefaults()
	return c
}
