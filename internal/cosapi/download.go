package cosapi

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// DownloadOptions says where an object is downloaded to.
type DownloadOptions struct {
	// Path is the file to write. Its folder must exist.
	Path string
	// Key is needed for SSE-C objects and must be nil for all others.
	Key *CustomerKey
	// Info is what Head says of the object, if the caller knows it already.
	Info *ObjectInfo
}

// Download writes an object to a file, in ranges that are read side by side. For content that is
// needed in memory use Content.
//
// The file appears under its name, with mode 0600, only when it is complete and its CRC64 is
// right; until then the bytes are in a temporary file beside it, of which nothing is left after a
// failure. All ranges are of one and the same object: if it changes meanwhile, the error is
// ClassPrecondition. A file that has the object's size and CRC64 already is left as it is.
func (c *Client) Download(
	ctx context.Context, ref ObjectRef, options DownloadOptions,
) (ObjectInfo, error) {
	info, err := c.downloadInfo(ctx, ref, options)
	if err != nil {
		return info, err
	}
	if c.isDownloaded(ctx, info, options.Path) {
		return info, nil
	}
	file, err := os.CreateTemp(filepath.Dir(options.Path), ".cos-download-*")
	if err != nil {
		return info, &Error{Op: "GetObject", Ref: ref, Err: err}
	}
	err = c.downloadTo(ctx, info, options.Key, file)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), options.Path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return info, localError(ref, err)
	}
	return info, nil
}

// downloadInfo is what the caller or else a HEAD knows of the object.
func (c *Client) downloadInfo(
	ctx context.Context, ref ObjectRef, options DownloadOptions,
) (ObjectInfo, error) {
	if options.Info != nil {
		info := *options.Info
		info.Ref = ref
		return info, nil
	}
	return c.Head(ctx, ref, options.Key)
}

// isDownloaded reports a file that has the object's bytes already, so far as CRC64 and size tell.
func (c *Client) isDownloaded(ctx context.Context, info ObjectInfo, path string) bool {
	stat, err := os.Stat(path)
	if err != nil || info.CRC64 == "" || !stat.Mode().IsRegular() || stat.Size() != info.Size {
		return false
	}
	fact, err := HashFile(ctx, path)
	return err == nil && fact.CRC64 == info.CRC64
}

// localError gives errors of this machine's files the form of all others.
func localError(ref ObjectRef, err error) error {
	var remote *Error
	var checksum *ChecksumError
	if errors.As(err, &remote) || errors.As(err, &checksum) {
		return err
	}
	return &Error{Op: "GetObject", Ref: ref, Err: err}
}

// downloadTo reads all ranges into the file and compares the CRC64 of the whole.
func (c *Client) downloadTo(
	ctx context.Context, info ObjectInfo, key *CustomerKey, file io.WriterAt,
) error {
	parts := sections(info.Size, c.config.PartSize)
	sums := make([]uint64, len(parts))
	progress := c.newProgress(ctx, "GetObject", info.Ref, info.Size)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(cap(c.transfers))
	for i, part := range parts {
		if part.size == 0 {
			continue
		}
		group.Go(func() error {
			if err := c.acquireTransfer(groupCtx); err != nil {
				return canceledBy(groupCtx, request{op: "GetObject", ref: info.Ref}, err)
			}
			defer c.releaseTransfer()
			sum, err := c.downloadPart(groupCtx, info, key, part, file, progress.part())
			sums[i] = sum
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	whole := uint64(0)
	for i, part := range parts {
		whole = combineCRC64(whole, sums[i], part.size)
	}
	if local := formatCRC64(whole); info.CRC64 != "" && info.CRC64 != local {
		return &ChecksumError{Ref: info.Ref, Local: local, COS: info.CRC64, Downloading: true}
	}
	return nil
}
