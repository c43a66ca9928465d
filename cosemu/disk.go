package cosemu

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// disk is where a store writes everything down, for a process that may end at any moment:
//
//	account.json                             salt, clock, KMS keys
//	ca.pem, server.pem                       certificates
//	buckets/<name>@<region>/bucket.json      configuration
//	buckets/.../versions/<xx>/<digest>.json  a version or a marker each
//	buckets/.../uploads/<id>/                upload.json and a file for each part
//	bodies/<xx>/<random>                     bytes, which any number of those name
//
// A file is written under another name and renamed, so that each is there as a whole or not at
// all. A body that no file names is left over from a request that was never answered, and removed
// at the next start. Nothing is flushed to the medium: it survives the process, not the machine.
//
// All methods accept nil, which writes nothing.
type disk struct {
	dir    string
	lock   *os.File
	order  uint64 // of the versions; under the store's mutex
	temps  atomic.Uint64
	closed atomic.Bool
}

// openDisks keeps what is not closed from being collected, and its bodies with it.
var openDisks sync.Map

// openDisk locks a directory for this process and makes it if it is not there.
func openDisk(dir string) (*disk, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	for _, folder := range []string{"buckets", "bodies", "temporary"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("data directory %s: another emulator uses it, or it cannot be locked: %w",
			dir, err)
	}
	return &disk{dir: dir, lock: lock}, nil
}

// close ends all writing and gives the directory free.
func (d *disk) close() error {
	if d == nil || d.closed.Swap(true) {
		return nil
	}
	openDisks.Delete(d)
	return d.lock.Close()
}

var errDiskClosed = errors.New("the emulator is closed")

// write puts a record in the place of a file.
func (d *disk) write(path string, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return d.writeText(path, text)
}

func (d *disk) writeText(path string, text []byte) error {
	if d.closed.Load() {
		return errDiskClosed
	}
	temporary := filepath.Join(d.dir, "temporary", strconv.FormatUint(d.temps.Add(1), 10))
	err := os.WriteFile(temporary, text, 0o600)
	if err == nil {
		err = withFolder(path, func() error { return os.Rename(temporary, path) })
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}

// withFolder does what needs the folder of a file, and makes that if it turns out to be missing.
func withFolder(path string, act func() error) error {
	err := act()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return act()
}

// read reads a record. It reports false for a file that is not there.
func read(path string, record any) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, record)
	}
	if err != nil {
		return false, fmt.Errorf("data directory: %s: %w", path, err)
	}
	return true, nil
}

func (d *disk) remove(path string) error {
	if d.closed.Load() {
		return errDiskClosed
	}
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d *disk) bucketPath(b *bucket, inside ...string) string {
	return filepath.Join(append([]string{d.dir, "buckets", b.name + "@" + b.region}, inside...)...)
}

// versionPath is the file of a version. The null version of a key is always the same file, so that
// a rename replaces it. The name is a digest: keys are longer than file names may be, and differ
// where file systems see no difference.
func (d *disk) versionPath(b *bucket, key, id string) string {
	digest := sha256.Sum256([]byte(id + "\x00" + key))
	name := hex.EncodeToString(digest[:20])
	return d.bucketPath(b, "versions", name[:2], name[2:]+".json")
}

func (d *disk) uploadPath(b *bucket, id string, inside ...string) string {
	return d.bucketPath(b, append([]string{"uploads", id}, inside...)...)
}

// diskBody is the bytes of a body. Its file is there for as long as anything refers to it: versions,
// parts, requests that still read.
type diskBody struct {
	disk *disk
	name bodyName
}

// bodyName is the random name of a file of bodies.
type bodyName [16]byte

// MarshalText implements encoding.TextMarshaler.
func (n bodyName) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(n[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *bodyName) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	if err == nil && len(decoded) != len(n) {
		err = fmt.Errorf("%q names no body", text)
	}
	copy(n[:], decoded)
	return err
}

func (b *diskBody) path() string { return b.disk.bodyPath(b.name) }

func (d *disk) bodyPath(name bodyName) string {
	text := hex.EncodeToString(name[:])
	return filepath.Join(d.dir, "bodies", text[:2], text[2:])
}

// body refers to a file of bodies. There must be one reference for each file only: the file goes
// with it, unless the emulator is closed.
func (d *disk) body(name bodyName) *diskBody {
	b := &diskBody{disk: d, name: name}
	runtime.AddCleanup(b, forgetBody, forgottenBody{d, name})
	return b
}

// forgottenBody is what is left of a diskBody that nobody refers to.
type forgottenBody struct {
	disk *disk
	name bodyName
}

func forgetBody(b forgottenBody) {
	if !b.disk.closed.Load() {
		_ = os.Remove(b.disk.bodyPath(b.name))
	}
}

// createBody makes a file for a body that comes in.
func (d *disk) createBody() (*diskBody, *os.File, error) {
	if d.closed.Load() {
		return nil, nil, errDiskClosed
	}
	var name bodyName
	_, _ = rand.Read(name[:])
	b := d.body(name)
	var file *os.File
	err := withFolder(b.path(), func() (err error) {
		file, err = os.OpenFile(b.path(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	return b, file, err
}

// diskPiece is a section of a body on disk.
type diskPiece struct {
	body   *diskBody
	off, n int64
}

func (p diskPiece) length() int64 { return p.n }

func (p diskPiece) section(off, n int64) piece {
	return diskPiece{body: p.body, off: p.off + off, n: n}
}

func (p diskPiece) reader() io.Reader { return io.NewSectionReader(p, 0, p.n) }

// ReadAt implements io.ReaderAt. It opens the file for each read, so that a reader which nobody
// reads to its end holds none.
func (p diskPiece) ReadAt(into []byte, off int64) (int, error) {
	file, err := os.Open(p.body.path())
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	n, err := file.ReadAt(into, p.off+off)
	runtime.KeepAlive(p.body)
	return n, err
}

// bodyWriter takes a body that comes in piece by piece: to a file, or to memory if there is no disk.
type bodyWriter struct {
	disk   *disk
	size   int64 // of what came, whether it was kept or not
	pieces []piece
	body   *diskBody
	file   *os.File
}

// add keeps the first n bytes of a buffer. If it keeps the buffer itself, it takes it away.
func (w *bodyWriter) add(buffer *[]byte, n int) error {
	if w.disk == nil {
		w.pieces = append(w.pieces, memoryPiece(clip((*buffer)[:n])))
		*buffer = nil
		return nil
	}
	if w.file == nil {
		var err error
		if w.body, w.file, err = w.disk.createBody(); err != nil {
			return err
		}
	}
	_, err := w.file.Write((*buffer)[:n])
	return err
}

// discard keeps nothing of what came.
func (w *bodyWriter) discard() {
	w.abandon()
	w.pieces, w.body = nil, nil
}

// abandon closes the file of a body that did not come to its end.
func (w *bodyWriter) abandon() {
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
}

// close ends the body.
func (w *bodyWriter) close() (blob, error) {
	whole := blob{pieces: w.pieces, size: w.size}
	if w.file == nil {
		return whole, nil
	}
	err := w.file.Close()
	w.file = nil
	whole.pieces = []piece{diskPiece{body: w.body, n: w.size}}
	return whole, err
}

// sweep removes what no record names.
func (d *disk) sweep(named map[bodyName]*diskBody) error {
	temporary := filepath.Join(d.dir, "temporary")
	if err := errors.Join(os.RemoveAll(temporary), os.Mkdir(temporary, 0o700)); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(d.dir, "bodies"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		var name bodyName
		err = name.UnmarshalText([]byte(filepath.Base(filepath.Dir(path)) + entry.Name()))
		if err == nil && named[name] != nil {
			return nil
		}
		return os.Remove(path)
	})
}

// readAll is the bytes of a piece, for records that hold them.
func readAll(p piece) ([]byte, error) {
	var text bytes.Buffer
	_, err := io.Copy(&text, p.reader())
	return text.Bytes(), err
}
