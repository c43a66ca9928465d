package cosapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// begin continues the upload that a checkpoint names, or starts a new one. An upload that does not
// match is removed first; uploads that no checkpoint names are somebody else's. body is nil for a
// copy: that, and a body in memory, is never continued, but noted, so that nothing is left of it.
func (c *Client) begin(
	ctx context.Context, ref ObjectRef, body Body, options WriteOptions, parts []section,
) (*multipart, error) {
	m := c.newMultipart(ref, options, parts)
	head, err := m.checkpointHead(body)
	if err != nil {
		return m, m.initiate(ctx)
	}
	note, saved, err := openCheckpoint(c.checkpointPath(ref))
	if err != nil {
		return m, m.initiate(ctx)
	}
	switch {
	case saved == nil:
	case saved.head.UploadID == "":
		m.lostSince = time.Unix(0, saved.head.BeganNS)
	case head.continues(saved.head) && m.take(ctx, saved) == nil:
		m.note = note
		return m, nil
	case c.abort(ctx, ref, saved.head.UploadID) != nil:
		note.keep()
		note = nil
	}
	return m, m.initiateNoted(ctx, head, note)
}

// initiateNoted starts an upload that is noted before, without an id, and after: whoever comes after
// a kill in between knows since when to look for it.
func (m *multipart) initiateNoted(
	ctx context.Context, head checkpointHead, note *checkpoint,
) error {
	began := m.client.config.Now()
	if !m.lostSince.IsZero() && m.lostSince.Before(began) {
		began = m.lostSince
	}
	head.BeganNS = began.UnixNano()
	note = note.begin(head)
	err := m.initiate(ctx)
	switch {
	case err != nil && judge(err) == verdictFinal && Classify(err) != ClassCanceled:
		note.remove()
		return err
	case err != nil:
		note.keep()
		return err
	}
	head.UploadID, head.BeganNS = m.uploadID, m.began.UnixNano()
	m.note = note.begin(head)
	return nil
}

// removeAbandoned removes the upload that a checkpoint of the object names, when the object is
// stored in a way that cannot continue it. One that is under way in another process is left alone,
// and a checkpoint whose upload could not be removed stays for the next Put.
func (c *Client) removeAbandoned(ctx context.Context, ref ObjectRef) {
	if c.config.CheckpointDir == "" {
		return
	}
	path := c.checkpointPath(ref)
	if _, err := os.Stat(path); err != nil {
		return
	}
	note, saved, err := openCheckpoint(path)
	if err != nil {
		return
	}
	if saved != nil && saved.head.UploadID != "" && c.abort(ctx, ref, saved.head.UploadID) != nil {
		note.keep()
		return
	}
	note.remove()
}

// end settles the checkpoint of an upload that is over: the parts of a failed one are removed.
func (m *multipart) end(ctx context.Context, failed bool) error {
	if failed {
		if err := m.client.abort(ctx, m.ref, m.uploadID); err != nil {
			m.note.keep()
			return err
		}
	}
	m.note.remove()
	return nil
}

// take adopts a saved upload with those of its parts that COS still has as they were sent.
func (m *multipart) take(ctx context.Context, saved *savedUpload) error {
	listed, err := m.client.listParts(ctx, m.ref, saved.head.UploadID)
	if err != nil {
		return err
	}
	m.uploadID, m.began = saved.head.UploadID, time.Unix(0, saved.head.BeganNS)
	for i := range m.parts {
		part := &m.parts[i]
		sent, there := saved.parts[i+1], listed[i+1]
		if sent.ETag != "" && unquote(sent.ETag) == there.etag && there.size == part.size {
			part.etag, part.crc64 = sent.ETag, sent.CRC64
		}
	}
	return nil
}

// sent notes a part that COS has confirmed.
func (m *multipart) sent(i int) {
	part := m.parts[i]
	m.note.add(checkpointPart{Number: i + 1, ETag: part.etag, CRC64: part.crc64})
}

// checkpointHead describes an upload that is about to begin. It fails if there can be no
// checkpoint. Only a file can be recognised later; other heads have none.
func (m *multipart) checkpointHead(body Body) (checkpointHead, error) {
	if m.client.config.CheckpointDir == "" {
		return checkpointHead{}, os.ErrNotExist
	}
	var fact FileFact
	if file, isFile := body.(*fileBody); isFile {
		var err error
		if fact, err = file.fact(); err != nil {
			return checkpointHead{}, err
		}
	}
	header, err := m.initiateHeader()
	if err != nil {
		return checkpointHead{}, err
	}
	if err := os.MkdirAll(m.client.config.CheckpointDir, 0o700); err != nil {
		return checkpointHead{}, err
	}
	return checkpointHead{
		Version: checkpointVersion, Object: m.ref.String(), Headers: headersDigest(header),
		CustomerKeyMD5: header.Get(headerCustomerKeyMD5), PartSize: m.parts[0].size, File: fact,
	}, nil
}

// checkpointPath is where the checkpoint of an object is. The endpoint belongs to it: the same
// names mean another object on a private cloud.
func (c *Client) checkpointPath(ref ObjectRef) string {
	name := strings.Join([]string{c.config.Endpoint, ref.Region, ref.Bucket, ref.Key}, "\n")
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(c.config.CheckpointDir, hex.EncodeToString(sum[:])+".jsonl")
}

// headersDigest is a digest of headers, without the key: of a key, even a digest says too much.
func headersDigest(header http.Header) string {
	header = header.Clone()
	header.Del(headerCustomerKey)
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(header)) {
		_, _ = fmt.Fprintf(sum, "%s: %q\n", http.CanonicalHeaderKey(name), header[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
