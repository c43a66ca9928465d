package audit

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Evidence is where ledgers and attestations are kept: a folder of a bucket. What is written there
// is encrypted with SSE-COS and named by its content, so that audits that run side by side neither
// overwrite nor tear each other's files.
type Evidence struct {
	Client *cosapi.Client
	Bucket cosapi.ObjectRef // bucket and region
	Prefix string           // "" or a folder with its slash
}

const (
	// keptLedgers is how many of the newest ledgers stay, beside the one that a state names.
	keptLedgers = 3
	// readAhead is how much of a ledger one request reads.
	readAhead = 4 << 20
	// staleAfter is when an unfinished ledger is nobody's any more.
	staleAfter = 24 * time.Hour
)

var evidenceOptions = cosapi.WriteOptions{Encryption: cosapi.SSECOS{}}

func (e Evidence) ref(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: e.Bucket.Region, Bucket: e.Bucket.Bucket, Key: e.Prefix + key}
}

// ledgers is the folder of the ledgers under one secret.
func (e Evidence) ledgers(secret Secret) string { return "ledgers/" + secret.folder() + "/" }

func (e Evidence) incoming(secret Secret) string { return "incoming/" + secret.folder() + "/" }

// Contains reports whether an object of the audited bucket is evidence itself, or may become it.
func (e Evidence) Contains(bucket cosapi.ObjectRef, key string) bool {
	return bucket.Bucket == e.Bucket.Bucket && strings.HasPrefix(key, e.Prefix)
}

// ledgerSource reads a ledger by ranges. A stream that stays open while objects are looked at would
// be cut for idleness.
type ledgerSource struct {
	ctx    context.Context
	client *cosapi.Client
	ref    cosapi.ObjectRef
	size   int64
	etag   string
	offset int64
	part   []byte
}

// Read implements io.Reader.
func (s *ledgerSource) Read(p []byte) (int, error) {
	if len(s.part) == 0 {
		if s.offset >= s.size {
			return 0, io.EOF
		}
		if err := s.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.part)
	s.part = s.part[n:]
	return n, nil
}

// fetch reads the next range, of the same object as the one before.
func (s *ledgerSource) fetch() error {
	body, info, err := s.client.Open(s.ctx, s.ref, cosapi.GetOptions{
		Offset: s.offset, Length: min(readAhead, s.size-s.offset), IfMatch: s.etag,
	})
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if info.Size != s.size {
		return errForged
	}
	part, err := io.ReadAll(io.LimitReader(body, readAhead))
	if err != nil {
		return fmt.Errorf("reading %s: %w", s.ref, err)
	}
	if len(part) == 0 {
		return errForged
	}
	s.part, s.etag = part, info.ETag
	s.offset += int64(len(part))
	return nil
}

// open begins to read a ledger. Its length is compared before anything is used: one that was cut
// off is known at once.
func (e Evidence) open(
	ctx context.Context, ledger Ledger, secret Secret,
) (*ledgerReader, *ledgerSource, error) {
	ref := e.ref("")
	ref.Key = ledger.Key
	source := &ledgerSource{ctx: ctx, client: e.Client, ref: ref, size: ledger.Size}
	reader, err := newLedgerReader(source, secret)
	if cosapi.StatusOf(err) == http.StatusRequestedRangeNotSatisfiable {
		err = errForged
	}
	return reader, source, err
}

// newLedger is a ledger on its way into the bucket.
type newLedger struct {
	*ledgerWriter
	evidence Evidence
	secret   Secret
	stream   *cosapi.Stream
	ctx      context.Context
	staging  cosapi.ObjectRef
	listedAt time.Time
}

// create begins a ledger. Nothing is visible before commit.
func (e Evidence) create(ctx context.Context, secret Secret, h header) (*newLedger, error) {
	staging := e.ref(e.incoming(secret) + rand.Text())
	stream := e.Client.NewStream(ctx, staging, evidenceOptions, 0)
	writer, err := newLedgerWriter(stream, secret, h)
	if err != nil {
		return nil, err
	}
	return &newLedger{
		ledgerWriter: writer, evidence: e, secret: secret, stream: stream, ctx: ctx,
		staging: staging, listedAt: h.ListedAt,
	}, nil
}

// commit stores the ledger under the name of its content. One of more than a part was sent under
// another name, because the content was not known then: it is copied and that name removed.
func (n *newLedger) commit() (Ledger, error) {
	if err := n.close(); err != nil {
		return Ledger{}, n.abandon(err)
	}
	sum := hexOf(n.sum.Sum(nil))
	final := n.evidence.ref(n.evidence.ledgers(n.secret) + sum)
	named := n.stream.Rename(final)
	stored, err := n.stream.Close()
	if err != nil {
		return Ledger{}, err
	}
	ledger := Ledger{
		Key: final.Key, SHA256: sum, Size: n.size, Rows: n.count, ListedAt: n.listedAt,
		Days: n.days.text(),
	}
	if named {
		return ledger, nil
	}
	_, err = n.evidence.Client.Copy(n.ctx, cosapi.CopySource{
		Ref: n.staging, IfMatch: stored.ETag, Size: n.size, CRC64: stored.CRC64,
	}, final, cosapi.CopyOptions{WriteOptions: evidenceOptions})
	// What was staged is of no use either way.
	_, _ = n.evidence.Client.Delete(n.ctx, n.staging)
	return ledger, err
}

func (n *newLedger) setContext(ctx context.Context) {
	n.ctx = ctx
	n.stream.SetContext(ctx)
}

// abandon removes what was sent.
func (n *newLedger) abandon(cause error) error {
	_ = n.stream.Abort()
	return cause
}

// Trim removes ledgers under the secret but for the newest three and those named, and what
// unfinished runs left more than a day ago.
func (e Evidence) Trim(ctx context.Context, secret Secret, keep ...Ledger) error {
	listed, err := e.list(ctx, e.ledgers(secret))
	if err != nil {
		return err
	}
	slices.SortStableFunc(listed, func(a, b cosapi.ListedObject) int {
		return b.LastModified.Compare(a.LastModified)
	})
	for _, old := range listed[min(keptLedgers, len(listed)):] {
		if slices.ContainsFunc(keep, func(l Ledger) bool { return l.Key == old.Key }) {
			continue
		}
		if err := e.remove(ctx, old.Key); err != nil {
			return err
		}
	}
	return e.sweep(ctx, secret)
}

// sweep removes what runs that were killed left behind.
func (e Evidence) sweep(ctx context.Context, secret Secret) error {
	before := e.Client.Now().Add(-staleAfter)
	staged, err := e.list(ctx, e.incoming(secret))
	if err != nil {
		return err
	}
	for _, object := range staged {
		if object.LastModified.Before(before) {
			if err := e.remove(ctx, object.Key); err != nil {
				return err
			}
		}
	}
	uploads, err := e.Client.ListUploads(ctx, e.Bucket.Region, e.Bucket.Bucket,
		e.Prefix+e.incoming(secret))
	if err != nil {
		return err
	}
	for _, upload := range uploads {
		ref := e.ref("")
		ref.Key = upload.Key
		if upload.Initiated.Before(before) {
			if err := e.Client.AbortUpload(ctx, ref, upload.UploadID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e Evidence) remove(ctx context.Context, key string) error {
	ref := e.ref("")
	ref.Key = key
	_, err := e.Client.Delete(ctx, ref)
	return err
}

// list returns all objects of a folder: there are a handful.
func (e Evidence) list(ctx context.Context, folder string) ([]cosapi.ListedObject, error) {
	options := cosapi.ListOptions{
		Region: e.Bucket.Region, Bucket: e.Bucket.Bucket, Prefix: e.Prefix + folder,
	}
	var all []cosapi.ListedObject
	for {
		page, err := e.Client.List(ctx, options)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Objects...)
		if !page.Truncated || page.NextMarker <= options.Marker {
			return all, nil
		}
		options.Marker = page.NextMarker
	}
}

// Store writes a document, named by its content, and returns its key and its SHA-256.
func (e Evidence) Store(
	ctx context.Context, folder, extension string, content []byte,
) (key, sum string, err error) {
	digest := sha256.Sum256(content)
	sum = hexOf(digest[:])
	ref := e.ref(folder + "/" + sum + extension)
	_, err = e.Client.Put(ctx, ref, cosapi.BytesBody(content), cosapi.PutOptions{
		WriteOptions: cosapi.WriteOptions{
			Encryption: cosapi.SSECOS{},
			Headers:    cosapi.ObjectHeaders{ContentType: cmp.Or(contentTypes[extension], "")},
		},
	})
	return ref.Key, sum, err
}

var contentTypes = map[string]string{".json": "application/json", ".html": "text/html; charset=utf-8"}
