package batch

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"golang.org/x/sync/errgroup"
)

// BenchmarkFix rewrites plain objects, by jobs of a tenth of them and one by one, on an emulator that
// answers at once. COS_BENCH_OBJECTS is how many, 10,000 without it. What it shows is what this process
// does: COS's own speed is not known.
func BenchmarkFix(b *testing.B) {
	objects := 10_000
	if n, err := strconv.Atoi(os.Getenv("COS_BENCH_OBJECTS")); err == nil {
		objects = n
	}
	perJob := objects / 10
	for _, engine := range []string{"batch", "direct"} {
		b.Run(fmt.Sprintf("%s/%d", engine, objects), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := newWorld(b, cosemu.BatchConfig{TasksPerStep: perJob}, func(c *cosemu.Config) {
					c.JournalLimit = -1
				})
				w.fillPlain(objects)
				e := w.engine(wantAES256, func(c *Config) { c.MaxObjects = perJob })
				options := w.planned(e)
				w.server.ResetJournal()
				runtime.GC()
				stop := watchHeap()
				b.StartTimer()
				found, err := fix(b, e, options, engine)
				b.StopTimer()
				b.ReportMetric(float64(stop())/(1<<20), "MiB-peak")
				if err != nil || !found.Compliant() || found.Total.Objects != int64(objects) {
					b.Fatalf("%+v, %v", found, err)
				}
				b.ReportMetric(float64(len(w.server.Journal())), "requests")
				b.ReportMetric(float64(w.server.Requests("PutObjectCopy")), "copies")
				_ = w.server.Close()
				b.StartTimer()
			}
		})
	}
}

// fillPlain makes n plain objects below the prefix.
func (w *world) fillPlain(n int) {
	w.t.Helper()
	var group errgroup.Group
	group.SetLimit(32)
	for i := range n {
		group.Go(func() error {
			_, err := w.client.Put(w.t.Context(), w.ref(fmt.Sprintf("data/%08d", i)),
				cosapi.BytesBody([]byte("plain")),
				cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: cosapi.NoEncryption{}}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		w.t.Fatal(err)
	}
	w.advance(2 * minute)
}

// planned are the options of an apply after a plan with a ledger.
func (w *world) planned(e *Engine) audit.Options {
	w.t.Helper()
	evidence := audit.Evidence{
		Client: w.client, Prefix: "encryption/",
		Bucket: cosapi.ObjectRef{Region: region, Bucket: evidenceBucket},
	}
	options := w.options(e)
	options.Evidence, options.Secret = &evidence, audit.NewSecret()
	options.Budget = audit.Budget{Concurrency: 64}
	counting := options
	counting.Rewrite = nil
	found, err := audit.Run(w.t.Context(), counting)
	if err != nil || found.Ledger == nil {
		w.t.Fatalf("%+v, %v", found, err)
	}
	options.Last = found.Ledger
	options.Rewrite.Max, options.Rewrite.Planned = found.Pending.Objects, true
	return options
}

func fix(
	b *testing.B, e *Engine, options audit.Options, engine string,
) (*audit.Findings, error) {
	b.Helper()
	if engine == "direct" {
		return audit.Run(b.Context(), options)
	}
	found, _, err := e.Audit(b.Context(), options, Strict)
	return found, err
}

// watchHeap samples the heap of this process, the emulator's included, above what it is now.
func watchHeap() func() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	base := stats.HeapInuse
	var peak atomic.Uint64
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				if now.HeapInuse > base+peak.Load() {
					peak.Store(now.HeapInuse - base)
				}
			}
		}
	}()
	return func() uint64 {
		close(done)
		return peak.Load()
	}
}
