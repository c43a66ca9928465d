package cosapi

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

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
// failure, and which the next download of a process that was killed takes over. All ranges are of
// one and the same object: if it changes meanwhile, the error is ClassPrecondition. A file that has
// the object's size and CRC64 already keeps its bytes.
//
// What Download has not written it does not replace: that is an *OccupiedPathError. It knows its
// own files by a mark beside them.
func (c *Client) Download(
	ctx context.Context, ref ObjectRef, options DownloadOptions,
) (ObjectInfo, error) {
	info, err := c.downloadInfo(ctx, ref, options)
	if err != nil {
		return info, err
	}
	right, err := c.checkTarget(ctx, info, options.Path)
	if right || err != nil {
		return info, err
	}
	return info, localError(ref, c.downloadOver(ctx, info, options))
}

// checkTarget reports a file that is right already, and refuses one that must not be replaced.
func (c *Client) checkTarget(ctx context.Context, info ObjectInfo, path string) (bool, error) {
	stat, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, localError(info.Ref, err)
	case !stat.Mode().IsRegular():
		return false, &OccupiedPathError{Path: path, What: "is no regular file"}
	case ownedByOther(stat):
		return false, &OccupiedPathError{Path: path, What: "belongs to another user"}
	}
	fact, err := HashFile(ctx, path)
	switch {
	case err != nil:
		return false, localError(info.Ref, err)
	case info.CRC64 != "" && fact.CRC64 == info.CRC64 && fact.Size == info.Size:
		return true, localError(info.Ref, ownerOnly(path, stat))
	case !slices.Contains(markedCRC64s(path), fact.CRC64):
		return false, &OccupiedPathError{
			Path: path, What: "has other bytes than the object, and no download has written them",
		}
	}
	return false, nil
}

// ownerOnly keeps decrypted bytes from other users.
func ownerOnly(path string, stat fs.FileInfo) error {
	if stat.Mode().Perm() == 0o600 || runtime.GOOS == "windows" {
		return nil
	}
	return os.Chmod(path, 0o600)
}

// downloadOver writes the file and its mark. While the file is renamed the mark names both the old
// bytes and the new ones: whichever a process that is killed leaves behind are ours.
func (c *Client) downloadOver(
	ctx context.Context, info ObjectInfo, options DownloadOptions,
) error {
	file, err := openLocked(besides(options.Path, ".part"))
	if errors.Is(err, errors.ErrUnsupported) {
		file, err = os.CreateTemp(filepath.Dir(options.Path), ".cos-download-*")
	}
	if err != nil {
		return err
	}
	err = file.Truncate(0)
	written := ""
	if err == nil {
		written, err = c.downloadTo(ctx, info, options.Key, file)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = mark(options.Path, append(markedCRC64s(options.Path), written)...)
	}
	if err == nil {
		err = renameLocked(file, options.Path)
	}
	if err != nil {
		removeLocked(file)
		return err
	}
	return mark(options.Path, written)
}

// besides is the name of a file of ours beside another one.
func besides(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".cos-download"+suffix)
}

// mark remembers which bytes a download has written to path, by their CRC64.
func mark(path string, written ...string) error {
	return os.WriteFile(besides(path, ""), []byte(strings.Join(written, "\n")), 0o600)
}

// markedCRC64s are those that downloads have written to path, none for a file of others.
func markedCRC64s(path string) []string {
	text, err := os.ReadFile(besides(path, ""))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

// OccupiedPathError is a file that Download has not written and does not replace. Delete it, move
// it away or name another path.
type OccupiedPathError struct {
	Path string
	What string // completes the path: "is no regular file"
}

// Error implements error.
func (e *OccupiedPathError) Error() string { return e.Path + " " + e.What }

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

// localError gives errors of this machine's files the form of all others.
func localError(ref ObjectRef, err error) error {
	if err == nil {
		return nil
	}
	var remote *Error
	var checksum *ChecksumError
	if errors.As(err, &remote) || errors.As(err, &checksum) {
		return err
	}
	return &Error{Op: "GetObject", Ref: ref, Err: err}
}

// downloadTo reads all ranges into the file and compares the CRC64 of the whole, which it returns.
func (c *Client) downloadTo(
	ctx context.Context, info ObjectInfo, key *CustomerKey, file io.WriterAt,
) (string, error) {
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
		return "", err
	}
	whole := uint64(0)
	for i, part := range parts {
		whole = combineCRC64(whole, sums[i], part.size)
	}
	local := formatCRC64(whole)
	if info.CRC64 != "" && info.CRC64 != local {
		return "", &ChecksumError{Ref: info.Ref, Local: local, COS: info.CRC64, Downloading: true}
	}
	return local, nil
}
