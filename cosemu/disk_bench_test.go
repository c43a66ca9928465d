package cosemu

import (
	"fmt"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// BenchmarkData writes objects of 10 KiB to a data directory, reads them back, and opens the
// directory again. It reports what each costs, the heap that is left, and the most memory that the
// process ever had.
func BenchmarkData(b *testing.B) {
	for _, count := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for range b.N {
				benchmarkData(b, count)
			}
		})
	}
}

func benchmarkData(b *testing.B, count int) {
	dir, err := os.MkdirTemp("", "cosemu")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := openBenchmark(b, dir)
	body := strings.Repeat("0123456789", 1024)
	start := time.Now()
	ask := func(method, body string, i int) {
		target := fmt.Sprintf("https://%s/folder/%08d", plainHost, i)
		request := httptest.NewRequest(method, target, strings.NewReader(body))
		request.Header.Set(headerSSE, "AES256")
		if method == "GET" {
			request.Header.Del(headerSSE)
		}
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		if recorder.Code != 200 || method == "GET" && recorder.Body.Len() != 10240 {
			b.Fatal(recorder.Code, recorder.Body)
		}
	}
	report := func(what string) {
		b.ReportMetric(float64(time.Since(start).Microseconds())/float64(count), what+"-µs/object")
		start = time.Now()
	}
	for i := range count {
		ask("PUT", body, i)
	}
	report("write")
	for i := range count {
		ask("GET", "", i)
	}
	report("read")
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
	b.ReportMetric(float64(peakMemory())/(1<<20), "peak-MiB")
	check(b, s.Close())
	start = time.Now()
	s = openBenchmark(b, dir)
	report("open")
	check(b, s.Close())
}

func openBenchmark(b *testing.B, dir string) *Server {
	s, err := New(Config{Buckets: []string{plainBucket}, Data: dir})
	check(b, err)
	s.trusting = true
	return s
}

// peakMemory is the most resident memory that this process had, in bytes; 0 where that is not told.
func peakMemory() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var peak int64
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &peak)
		}
	}
	return peak << 10
}
