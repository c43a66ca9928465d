package cosapi

import (
	"context"
	"fmt"
	"os"
	"time"
)

// FileFact is what identifies the content of a file without reading it, together with the content's
// CRC64. It is kept as JSON between runs, so that a file that did not change is not read again.
type FileFact struct {
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	MTimeNS int64  `json:"mtime_ns"`
	CTimeNS int64  `json:"ctime_ns"`
	Inode   uint64 `json:"inode"`
	CRC64   string `json:"crc64"`
}

// StatFile looks at a file without reading it: the fact has no CRC64. See HashFile.
func StatFile(path string) (FileFact, error) {
	info, err := os.Stat(path)
	if err != nil {
		return FileFact{}, err
	}
	if !info.Mode().IsRegular() {
		return FileFact{}, &os.PathError{Op: "stat", Path: path, Err: errNoRegularFile}
	}
	return factOf(path, info), nil
}

func factOf(path string, info os.FileInfo) FileFact {
	fact := FileFact{Path: path, Size: info.Size(), MTimeNS: info.ModTime().UnixNano()}
	fact.CTimeNS, fact.Inode = changeTimeAndInode(info)
	return fact
}

// HashFile reads a file once and returns its fact with the CRC64. It fails if the file changes
// meanwhile.
func HashFile(ctx context.Context, path string) (FileFact, error) {
	before, err := StatFile(path)
	if err != nil {
		return FileFact{}, err
	}
	body, err := OpenFile(path)
	if err != nil {
		return FileFact{}, err
	}
	defer func() { _ = body.Close() }()
	sum, err := hashBody(ctx, body)
	if err != nil {
		return FileFact{}, fmt.Errorf("reading %s: %w", path, err)
	}
	after, err := StatFile(path)
	if err != nil {
		return FileFact{}, err
	}
	if !before.SameFile(after) {
		return FileFact{}, fmt.Errorf("%s changed while it was read", path)
	}
	after.CRC64 = formatCRC64(sum)
	return after, nil
}

// SameFile reports whether both facts are of the same path in the same state, as far as that can be
// seen without reading the file.
func (f FileFact) SameFile(g FileFact) bool {
	f.CRC64, g.CRC64 = "", ""
	return f == g
}

// settled is how old a change must be when a file is hashed. File systems keep times in steps of up
// to two seconds, so that a later change might leave no trace.
const settled = 2 * time.Second

// Trustworthy reports whether a fact that was hashed at a moment may stand for the file later.
func (f FileFact) Trustworthy(hashedAt time.Time) bool {
	return f.CRC64 != "" && hashedAt.Sub(time.Unix(0, f.MTimeNS)) > settled
}
