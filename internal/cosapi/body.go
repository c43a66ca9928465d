package cosapi

import (
	"bytes"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// Body is the bytes of an object to be: known in size, and readable in sections as often as needed,
// so that a failed try or part can be sent again. A Body is safe for concurrent reads of sections.
type Body interface {
	// Size is the number of bytes.
	Size() int64
	// Section reads n bytes from off on. Every call returns a reader of its own.
	Section(off, n int64) io.Reader
	// Check returns an error if the bytes may have changed since the Body was opened.
	Check() error
	// Close releases what the Body holds.
	Close() error
}

// BytesBody is a body in memory. For files use OpenFile, which keeps nothing in memory.
func BytesBody(content []byte) Body { return bytesBody(content) }

type bytesBody []byte

func (b bytesBody) Size() int64 { return int64(len(b)) }

func (b bytesBody) Section(off, n int64) io.Reader { return bytes.NewReader(b[off : off+n]) }

func (b bytesBody) Check() error { return nil }

func (b bytesBody) Close() error { return nil }

// fileBody is a file that is open for as long as it is sent.
type fileBody struct {
	file *os.File
	info os.FileInfo
	// bytes are those of file; tests count what is read of them.
	bytes io.ReaderAt
}

var (
	errNoRegularFile = errors.New("it is not a regular file")
	errBodyChanged   = errors.New("the file changed while it was read")
)

// OpenFile opens a file as a body. It fails for anything but a regular file.
func OpenFile(path string) (Body, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: path, Err: errNoRegularFile}
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &fileBody{file: file, info: info, bytes: file}, nil
}

func (b *fileBody) Size() int64 { return b.info.Size() }

func (b *fileBody) Section(off, n int64) io.Reader {
	return &fileSection{section: io.NewSectionReader(b.bytes, off, n), left: n}
}

// fileSection marks errors of the disk, which no retry mends.
type fileSection struct {
	section *io.SectionReader
	left    int64
}

// Read reads on. The end of a file that became shorter is such an error, too.
func (s *fileSection) Read(p []byte) (int, error) {
	n, err := s.section.Read(p)
	s.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && s.left > 0:
		err = &bodyError{errBodyChanged}
	case err != nil && !errors.Is(err, io.EOF):
		err = &bodyError{err}
	}
	return n, err
}

// checkedReader reads a body and has it checked before the last bytes go out. It withholds those
// where the check fails, so that COS never has enough to replace an object with.
type checkedReader struct {
	r     io.Reader
	left  int64
	sum   hash.Hash64
	check func(sum uint64) error
}

// Read reads on.
func (e *checkedReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	_, _ = e.sum.Write(p[:n])
	e.left -= int64(n)
	if n > 0 && e.left == 0 {
		if failure := e.check(e.sum.Sum64()); failure != nil {
			return 0, &bodyError{failure}
		}
	}
	return n, err
}

// fact identifies the file as it was when it was opened.
func (b *fileBody) fact() (FileFact, error) {
	path, err := filepath.Abs(b.file.Name())
	return factOf(path, b.info), err
}

// Check compares size and modification time with those at opening.
func (b *fileBody) Check() error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != b.info.Size() || !info.ModTime().Equal(b.info.ModTime()) {
		return &os.PathError{Op: "read", Path: b.file.Name(), Err: errBodyChanged}
	}
	return nil
}

func (b *fileBody) Close() error { return b.file.Close() }
