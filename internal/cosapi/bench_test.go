package cosapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"hash/crc64"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// benchSizesVariable lists the sizes of transfers in MiB, separated by commas.
const benchSizesVariable = "COS_BENCH_MIB"

// benchSizes are 256 MiB and 1 GiB unless the environment says otherwise.
func benchSizes(b *testing.B) []int64 {
	b.Helper()
	list := orDefault(os.Getenv(benchSizesVariable), "256,1024")
	var sizes []int64
	for text := range strings.SplitSeq(list, ",") {
		mib, err := strconv.ParseInt(text, 10, 64)
		if err != nil || mib <= 0 {
			b.Fatalf("%s=%q: %q is no size in MiB", benchSizesVariable, list, text)
		}
		sizes = append(sizes, mib<<20)
	}
	return sizes
}

// benchRate is the bytes a second of a connection in the benchmarks of slow links.
const benchRate = 50_000_000

// transferBench is one size at one speed of the connections: an emulator that keeps no bytes, and
// a file of zeros, which takes no space on the disk.
type transferBench struct {
	*harness
	plain   *http.Client
	ref     ObjectRef
	size    int64
	file    string // what is uploaded
	target  string // what is downloaded
	options PutOptions
}

// eachTransfer runs a benchmark for every size, with connections at full speed and slow ones. Each
// of the ways to move the bytes is a sub-benchmark.
func eachTransfer(b *testing.B, ways map[string]func(*testing.B, *transferBench)) {
	b.Helper()
	for _, size := range benchSizes(b) {
		for _, rate := range []int64{0, benchRate} {
			b.Run(fmt.Sprintf("size=%dMiB/rate=%dMBps", size>>20, rate/1e6), func(b *testing.B) {
				t := newTransferBench(b, size, rate)
				for _, name := range []string{"cosapi", "plain-crc64", "plain"} {
					b.Run("by="+name, func(b *testing.B) {
						b.SetBytes(size)
						ways[name](b, t)
					})
				}
			})
		}
	}
}

func newTransferBench(b *testing.B, size, rate int64) *transferBench {
	b.Helper()
	dir := b.TempDir()
	t := &transferBench{
		size: size, file: filepath.Join(dir, "body"), target: filepath.Join(dir, "target"),
		options: encrypted(SSECOS{}),
	}
	t.harness = startEmulator(b, cosemu.Config{Discard: true, ConnectionRate: rate})
	t.ref = t.harness.ref(b, "bench")
	t.plain = plainClient(b, t.emulator)
	sparseFile(b, t.file, size)
	return t
}

func sparseFile(b *testing.B, path string, size int64) {
	b.Helper()
	err := os.WriteFile(path, nil, 0o600)
	if err == nil {
		err = os.Truncate(path, size)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// plainClient is net/http with nothing of this package: the SDK only signs.
func plainClient(b *testing.B, server *cosemu.Server) *http.Client {
	b.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(server.CACertificate()) {
		b.Fatal("no CA certificate")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
	b.Cleanup(transport.CloseIdleConnections)
	pair := cosemu.DocumentedCredential()
	return &http.Client{Transport: &cos.AuthorizationTransport{
		SecretID: pair.SecretID, SecretKey: pair.SecretKey, Transport: transport,
	}}
}

// BenchmarkUpload compares Put with one PUT of net/http, through one CRC64 and without.
func BenchmarkUpload(b *testing.B) {
	eachTransfer(b, map[string]func(*testing.B, *transferBench){
		"cosapi": func(b *testing.B, t *transferBench) {
			for b.Loop() {
				t.mustPut(b)
			}
		},
		"plain-crc64": func(b *testing.B, t *transferBench) {
			for b.Loop() {
				t.plainPut(b, crc64.New(crcTable))
			}
		},
		"plain": func(b *testing.B, t *transferBench) {
			for b.Loop() {
				t.plainPut(b, nil)
			}
		},
	})
}

// BenchmarkDownload compares Download with one GET of net/http into a file, through one CRC64 and
// without. All of them wait until the file is on the disk.
func BenchmarkDownload(b *testing.B) {
	eachTransfer(b, map[string]func(*testing.B, *transferBench){
		"cosapi": func(b *testing.B, t *transferBench) {
			t.mustPut(b)
			t.downloads(b, func() error {
				_, err := t.Download(b.Context(), t.ref, DownloadOptions{Path: t.target})
				return err
			})
		},
		"plain-crc64": func(b *testing.B, t *transferBench) {
			t.mustPut(b)
			t.downloads(b, func() error { return t.plainGet(b, crc64.New(crcTable)) })
		},
		"plain": func(b *testing.B, t *transferBench) {
			t.mustPut(b)
			t.downloads(b, func() error { return t.plainGet(b, nil) })
		},
	})
}

func (t *transferBench) mustPut(b *testing.B) {
	b.Helper()
	body, err := OpenFile(t.file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if _, err := t.Put(b.Context(), t.ref, body, t.options); err != nil {
		b.Fatal(err)
	}
}

// downloads measures downloads of a file that is not there.
func (t *transferBench) downloads(b *testing.B, download func() error) {
	b.Helper()
	for b.Loop() {
		if err := download(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if info, err := os.Stat(t.target); err != nil || info.Size() != t.size {
			b.Fatalf("downloaded: %v, %v", info, err)
		}
		if err := os.Remove(t.target); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// plainPut sends the file in one request, through sum unless that is nil.
func (t *transferBench) plainPut(b *testing.B, sum hash.Hash64) {
	b.Helper()
	file, err := os.Open(t.file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	body := io.Reader(file)
	if sum != nil {
		body = io.TeeReader(file, sum)
	}
	req := t.plainRequest(b, http.MethodPut, body)
	req.ContentLength = t.size
	req.Header.Set(headerSSE, algorithmAES256)
	resp := t.plainDo(b, req)
	defer func() { _ = resp.Body.Close() }()
	if sum != nil && formatCRC64(sum.Sum64()) != resp.Header.Get(headerCRC64) {
		b.Fatal("wrong CRC64")
	}
}

// plainGet writes the object to a file, through sum unless that is nil.
func (t *transferBench) plainGet(b *testing.B, sum hash.Hash64) error {
	b.Helper()
	resp := t.plainDo(b, t.plainRequest(b, http.MethodGet, nil))
	defer func() { _ = resp.Body.Close() }()
	file, err := os.Create(t.target)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	out := io.Writer(file)
	if sum != nil {
		out = io.MultiWriter(file, sum)
	}
	if _, err := io.Copy(out, resp.Body); err != nil {
		return err
	}
	if sum != nil && formatCRC64(sum.Sum64()) != resp.Header.Get(headerCRC64) {
		b.Fatal("wrong CRC64")
	}
	return file.Sync()
}

func (t *transferBench) plainRequest(b *testing.B, method string, body io.Reader) *http.Request {
	b.Helper()
	address := expandTemplate(t.config.Endpoint, t.ref) + "/" + t.ref.Key
	req, err := http.NewRequestWithContext(b.Context(), method, address, body)
	if err != nil {
		b.Fatal(err)
	}
	return req
}

func (t *transferBench) plainDo(b *testing.B, req *http.Request) *http.Response {
	b.Helper()
	resp, err := t.plain.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s", req.Method, resp.Status)
	}
	return resp
}

// BenchmarkHashFile compares the CRC64 that a plan needs of a file with reading the file.
func BenchmarkHashFile(b *testing.B) {
	for _, size := range benchSizes(b) {
		path := filepath.Join(b.TempDir(), "body")
		sparseFile(b, path, size)
		b.Run(fmt.Sprintf("size=%dMiB/by=cosapi", size>>20), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if _, err := HashFile(b.Context(), path); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("size=%dMiB/by=plain-read", size>>20), func(b *testing.B) {
			b.SetBytes(size)
			buffer := make([]byte, 1<<20)
			for b.Loop() {
				readFile(b, path, buffer)
			}
		})
	}
}

func readFile(b *testing.B, path string, buffer []byte) {
	b.Helper()
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for err == nil {
		_, err = file.Read(buffer)
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}
