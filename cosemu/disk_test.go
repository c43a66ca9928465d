package cosemu

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// onDisk makes the rigs of all tests keep everything in a data directory, and compare what a second
// server finds there. TestEverythingSurvives sets it for a run of the whole package.
var onDisk = os.Getenv("COSEMU_TEST_DATA") != ""

// survive shows at the end of a test that what a server holds is what the next one on its directory
// would hold.
func survive(t *testing.T, s *Server) {
	t.Helper()
	if s.config.Data == "" {
		return
	}
	t.Cleanup(func() {
		before := snapshot(t, s)
		check(t, s.Close())
		next := newRig(t, func(c *Config) {
			*c = s.config
			// Configured buckets that were deleted would be back.
			c.Now, c.Buckets, c.VersionedBuckets, c.Objects = s.clock.base, nil, nil, 0
		}).Server
		if after := snapshot(t, next); after != before {
			t.Errorf("the restart changed:\n%s", difference(before, after))
		}
		check(t, next.Close())
	})
}

// difference is the first line that differs.
func difference(before, after string) string {
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	for i := range old {
		if i >= len(now) || old[i] != now[i] {
			return old[i] + "\nto\n" + strings.Join(now[min(i, len(now)):min(i+1, len(now))], "")
		}
	}
	return after
}

// withData keeps a rig in a directory of the test.
func withData(t *testing.T) func(*Config) {
	dir := t.TempDir()
	return func(c *Config) { c.Data = dir }
}

// snapshot tells everything that is stored.
func snapshot(t *testing.T, s *Server) string {
	t.Helper()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	var text strings.Builder
	tell := func(record any, err error) {
		encoded, encodeErr := json.Marshal(record)
		if err != nil || encodeErr != nil {
			t.Fatal(err, encodeErr)
		}
		fmt.Fprintf(&text, "%s\n", encoded)
	}
	for _, name := range sortedKeys(s.store.buckets) {
		b := s.store.buckets[name]
		tell(b.toRecord(), nil)
		tell(b.bulk.touched, nil)
		for c := b.objects.first(); c.object() != nil; c.step() {
			for _, v := range c.object().versions {
				tell(v.toRecord())
				fmt.Fprintf(&text, "%x\n", digestOf(t, v.body))
			}
		}
		for _, id := range sortedKeys(b.uploads) {
			tell(b.uploads[id].toRecord())
			for _, p := range b.uploads[id].sorted() {
				tell(p.toRecord())
				fmt.Fprintf(&text, "%x\n", digestOf(t, p.body))
			}
		}
	}
	return text.String()
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func digestOf(t *testing.T, b blob) []byte {
	t.Helper()
	digest := sha256.New()
	n, err := io.Copy(digest, b.reader(0, b.size))
	if err != nil || n != b.size {
		t.Errorf("a body of %d bytes has %d: %v", b.size, n, err)
	}
	return digest.Sum(nil)
}

// TestEverythingSurvives runs all tests of the package with data directories. Each of them then
// compares what a second server finds with what the first one held.
func TestEverythingSurvives(t *testing.T) {
	t.Parallel()
	if onDisk {
		t.Skip("this is that run")
	}
	// Those left out show what is held in memory.
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.timeout=5m",
		"-test.parallel=2", "-test.skip=^(TestDiscard|TestHistoryIsKept|TestCustomerKeyIsNotKept)")
	command.Env = append(os.Environ(), "COSEMU_TEST_DATA=1")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryFieldSurvives fills every member of what is stored, the ones included that will be
// added, and shows that each comes back.
func TestEveryFieldSurvives(t *testing.T) {
	t.Parallel()
	d, err := openDisk(t.TempDir())
	check(t, err)
	t.Cleanup(func() { check(t, d.close()) })
	bodies := &diskBodies{disk: d, named: map[bodyName]*diskBody{}}
	var v version
	fillAll(reflect.ValueOf(&v).Elem(), "history")
	v.body = blob{pieces: []piece{memoryPiece("x")}, size: 1}
	record, err := v.toRecord()
	check(t, err)
	if got := again(t, record).version(bodies); !reflect.DeepEqual(*got, v) {
		t.Errorf("version:\n%+v\nwant\n%+v", *got, v)
	}
	var b bucket
	fillAll(reflect.ValueOf(&b).Elem(), "objects", "bulk", "uploads")
	b.bulk, b.uploads = newBulk(7, v.modified), map[string]*upload{}
	if got := again(t, b.toRecord()).bucket(); !reflect.DeepEqual(*got, b) {
		t.Errorf("bucket:\n%+v\nwant\n%+v", *got, b)
	}
	var p part
	fillAll(reflect.ValueOf(&p).Elem(), "source")
	p.body = v.body
	p.source = &version{crc64: 3, body: blob{size: 4}}
	part, err := p.toRecord()
	check(t, err)
	if got := again(t, part).part(bodies); !reflect.DeepEqual(*got, p) {
		t.Errorf("part:\n%+v\nwant\n%+v", *got, p)
	}
}

// again is a record as it is read from its file.
func again[T any](t *testing.T, record T) T {
	t.Helper()
	text, err := json.Marshal(record)
	check(t, err)
	var read T
	check(t, json.Unmarshal(text, &read))
	return read
}

// fill1 gives every member of a value something.
func fillAll(v reflect.Value, but ...string) {
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(1<<63 + 1)
	case reflect.Uint8:
		v.SetUint(9)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillAll(v.Index(0))
	case reflect.Map:
		element := reflect.New(v.Type().Elem()).Elem()
		fillAll(element)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), element)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)))
			return
		}
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			skip := name == "body"
			for _, not := range but {
				skip = skip || name == not
			}
			if !skip {
				fillAll(v.Field(i))
			}
		}
	}
}

// TestDataIsSharedByCopies shows that a copy costs no second file, that nobody loses its bytes when
// the other goes, and that the file goes with the last of them.
func TestDataIsSharedByCopies(t *testing.T) {
	t.Parallel()
	r := newRig(t, withData(t))
	body := strings.Repeat("x", 3<<20)
	r.must(t, "PUT", "/a", body)
	r.must(t, "PUT", "/b", "", copyFrom(plainHost+"/a"))
	id := initiate(t, r, "/c")
	r.must(t, "PUT", "/c?partNumber=1&uploadId="+id, "", copyFrom(plainHost+"/a"),
		"x-cos-copy-source-range: bytes=5-1048585")
	if n := r.bodies(t); n != 1 {
		t.Errorf("%d files of bodies, want 1", n)
	}
	r.must(t, "DELETE", "/a", "")
	r.must(t, "DELETE", "/b", "")
	runtime.GC()
	r.store.mu.Lock()
	part := r.store.find(plainBucket, "ap-guangzhou").uploads[id].parts[1]
	r.store.mu.Unlock()
	digestOf(t, part.body)
	r.must(t, "DELETE", "/c?uploadId="+id, "")
	part = nil
	for deadline := time.Now().Add(time.Minute); r.bodies(t) > 0; {
		runtime.GC()
		if time.Now().After(deadline) {
			t.Fatal("the file is still there")
		}
		time.Sleep(time.Millisecond)
	}
}

// bodies counts the files of bodies.
func (r *rig) bodies(t *testing.T) int {
	t.Helper()
	n := 0
	check(t, eachFile(filepath.Join(r.config.Data, "bodies"), func(string) error {
		n++
		return nil
	}))
	return n
}

// TestDataHoldsNoKey searches all files for an SSE-C key.
func TestDataHoldsNoKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, withData(t))
	r.must(t, "PUT", "/a", "body", withKey(keyOne)...)
	r.must(t, "POST", "/b?uploads", "", withKey(keyOne)...)
	found := 0
	check(t, eachFile(r.config.Data, func(path string) error {
		text, err := os.ReadFile(path)
		for _, secret := range []string{keyOne, strings.TrimPrefix(withKey(keyOne)[1], "x-cos-server-side-encryption-customer-key: ")} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds the key", path)
			}
		}
		if bytes.Contains(text, []byte(md5Of(keyOne))) {
			found++
		}
		info, statErr := os.Stat(path)
		if statErr != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %v", path, statErr)
		}
		return err
	}))
	if found != 2 {
		t.Errorf("the search finds %d files with the key's MD5, want 2", found)
	}
}

// TestDataOfUnansweredRequestsIsSwept shows that what a dead process left is removed: bodies that no
// version has, and an upload that became an object.
func TestDataOfUnansweredRequestsIsSwept(t *testing.T) {
	t.Parallel()
	r := newRig(t, withData(t))
	id := initiate(t, r, "/a")
	etag := r.must(t, "PUT", "/a?partNumber=1&uploadId="+id, "body").get(headerETag)
	b := r.store.find(plainBucket, "ap-guangzhou")
	upload := r.store.disk.uploadPath(b, id)
	saved, err := os.ReadFile(filepath.Join(upload, "upload.json"))
	check(t, err)
	r.must(t, "POST", "/a?uploadId="+id, "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"+
		etag+"</ETag></Part></CompleteMultipartUpload>")
	if _, err := os.Stat(upload); !os.IsNotExist(err) {
		t.Errorf("the upload is still on disk: %v", err)
	}
	check(t, r.Close())
	check(t, os.MkdirAll(upload, 0o700))
	check(t, os.WriteFile(filepath.Join(upload, "upload.json"), saved, 0o600))
	orphan := filepath.Join(r.config.Data, "bodies", "00", "orphan")
	check(t, os.MkdirAll(filepath.Dir(orphan), 0o700))
	check(t, os.WriteFile(orphan, []byte("x"), 0o600))
	next := newRig(t, func(c *Config) { c.Data = r.config.Data })
	if _, err := os.Stat(orphan); !os.IsNotExist(err) {
		t.Errorf("a body that nobody names is still there: %v", err)
	}
	next.run(t,
		step{method: "GET", target: "/?uploads", status: 200},
		step{method: "GET", target: "/a", status: 200, answer: "body"},
	)
	if a := next.do("GET", "/?uploads", ""); strings.Contains(a.body, id) {
		t.Errorf("the upload is open again: %s", a.body)
	}
}

func TestDataIsOfOneServer(t *testing.T) {
	t.Parallel()
	r := newRig(t, withData(t))
	if _, err := New(Config{Data: r.config.Data}); err == nil {
		t.Error("two servers use one directory")
	}
	check(t, r.Close())
	s, err := New(Config{Data: r.config.Data})
	check(t, err)
	check(t, s.Close())
}

// TestDataSurvives shows that clock, KMS keys, salt, objects by formula and buckets made by requests
// are what they were, and that the configuration does not undo them.
func TestDataSurvives(t *testing.T) {
	t.Parallel()
	where := withData(t)
	r := newRig(t, where, withObjects(10))
	r.must(t, "PUT", "/a", "x", withKey(keyOne)...)
	r.must(t, "DELETE", "/bulk/00000003", "")
	r.must(t, "PUT", "/bulk/00000004", "new")
	r.must(t, "DELETE", "/bulk/00000004", "")
	r.must(t, "PUT", "/?versioning", enable)
	r.must(t, "PUT", "made-1250000000.cos.ap-guangzhou.myqcloud.com/", "")
	check(t, r.SetKMSKey(secondKMSKey, KMSKeyDisabled))
	check(t, r.AdvanceClock(time.Hour))
	check(t, r.Close())
	next := newRig(t, where, withObjects(10))
	next.run(t,
		step{method: "GET", target: "/a", headers: withKey(keyOne), status: 200, answer: "x"},
		step{method: "GET", target: "/a", headers: withKey(keyTwo), status: 403, code: "AccessDenied"},
		step{method: "HEAD", target: "/bulk/00000002", status: 200, want: map[string]string{
			"Last-Modified": bulkDate.Format("Mon, 02 Jan 2006 15:04:05 GMT"),
		}},
		step{method: "HEAD", target: "/bulk/00000003", status: 404},
		step{method: "HEAD", target: "/bulk/00000004", status: 404},
		step{method: "GET", target: "/?versioning", status: 200, answer: "Enabled"},
		step{method: "HEAD", target: "made-1250000000.cos.ap-guangzhou.myqcloud.com/", status: 200},
		step{
			method: "PUT", target: "/k", status: 400, code: "KmsKeyDisabled",
			headers: []string{"x-cos-server-side-encryption: cos/kms", headerKMSKey + ": " + secondKMSKey},
		},
	)
	if got, want := next.Clock().Now, r.clock.read().Add(time.Hour); !got.Equal(want) {
		t.Errorf("clock = %s, want %s", got, want)
	}
}

// TestDataFailuresAreAnswers takes the directory away: nothing is claimed to be stored, and what
// was there is.
func TestDataFailuresAreAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t, withData(t))
	r.must(t, "PUT", "/a", "old")
	id := initiate(t, r, "/b")
	r.store.disk.closed.Store(true)
	for _, s := range []step{
		{method: "PUT", target: "/a", body: "new"},
		{method: "DELETE", target: "/a"},
		{method: "PUT", target: "/a?tagging", body: "<Tagging></Tagging>"},
		{method: "PUT", target: "/?versioning", body: enable},
		{method: "POST", target: "/c?uploads"},
		{method: "PUT", target: "/b?partNumber=1&uploadId=" + id},
		{method: "DELETE", target: "/b?uploadId=" + id},
		{method: "PUT", target: "made-1250000000.cos.ap-guangzhou.myqcloud.com/"},
	} {
		s.status, s.code = 500, "InternalError"
		r.run(t, s)
	}
	r.store.disk.closed.Store(false)
	r.run(t,
		step{method: "GET", target: "/a", status: 200, answer: "old"},
		step{method: "GET", target: "/b?uploadId=" + id, status: 200},
	)
}

// TestDataKeepsCertificates shows that clients of the last start trust the next one, unless it
// serves another region.
func TestDataKeepsCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func(proxy bool, regions ...string) []byte {
		s, err := Start(Config{Data: dir, Regions: regions, Proxy: proxy})
		check(t, err)
		defer func() { check(t, s.Close()) }()
		return s.CACertificate()
	}
	first := start(false, "ap-guangzhou", "ap-beijing")
	if !bytes.Equal(first, start(false, "ap-beijing")) {
		t.Error("the second start has another CA")
	}
	if bytes.Equal(first, start(false, "ap-tokyo")) {
		t.Error("the CA of other regions serves a new one")
	}
	if proxy := start(true, "ap-tokyo"); bytes.Equal(proxy, start(false, "ap-tokyo")) {
		t.Error("a CA for COS's own domains is still used without the proxy")
	}
}

// initiate begins an upload and returns its id.
func initiate(t *testing.T, r *rig, target string) string {
	t.Helper()
	return parse[initiateXML](t, r.must(t, "POST", target+"?uploads", "")).UploadID
}

// TestDamagedDataIsAnError names the file that cannot be read.
func TestDamagedDataIsAnError(t *testing.T) {
	t.Parallel()
	r := newRig(t, withData(t))
	r.must(t, "PUT", "/a", "x")
	check(t, r.Close())
	var damaged string
	check(t, filepath.WalkDir(filepath.Join(r.config.Data, "buckets"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.Contains(path, "versions") && !e.IsDir() {
			damaged = path
		}
		return err
	}))
	check(t, os.WriteFile(damaged, []byte("{"), 0o600))
	if _, err := New(Config{Data: r.config.Data}); err == nil || !strings.Contains(err.Error(), damaged) {
		t.Errorf("error = %v, want one that names %s", err, damaged)
	}
	check(t, os.Remove(damaged))
	s, err := New(Config{Data: r.config.Data})
	check(t, err)
	check(t, s.Close())
}
