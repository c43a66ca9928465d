package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const (
	// benchObjects is how many objects a refresh is measured with.
	benchObjects = 1000
	// benchParallelism is Terraform's default.
	benchParallelism = 10
)

// BenchmarkRefresh refreshes 1,000 unchanged objects of one prefix, ten at a time as Terraform
// does, with a server nearby and one that is 20 ms away.
func BenchmarkRefresh(b *testing.B) {
	for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
		for _, mode := range []string{"head", "list"} {
			b.Run(fmt.Sprintf("mode=%s/latency=%s", mode, latency), func(b *testing.B) {
				benchmarkRefresh(b, mode, latency)
			})
		}
	}
}

func benchmarkRefresh(b *testing.B, mode string, latency time.Duration) {
	b.Helper()
	cloud := pt.NewCloud(b, cosemu.Config{Latency: latency})
	var requests []*tfprotov6.ReadResourceRequest
	for _, object := range benchStates(b, cloud) {
		requests = append(requests, &tfprotov6.ReadResourceRequest{
			TypeName: object.TypeName, CurrentState: object.Dynamic(object.State),
			Private: object.Private, CurrentIdentity: object.Identity,
		})
	}
	made := 0
	for b.Loop() {
		b.StopTimer()
		cloud.ResetJournal()
		server := pt.NewServer(b, cloud, pt.Attrs{"refresh_mode": mode}).Provider
		b.StartTimer()
		pt.AtATime(benchParallelism, requests, func(request *tfprotov6.ReadResourceRequest) {
			response, err := server.ReadResource(b.Context(), request)
			if err != nil || pt.ErrorText(response.Diagnostics) != "" {
				b.Error(err, pt.ErrorText(response.Diagnostics))
			}
		})
		made = len(cloud.Journal())
	}
	b.ReportMetric(float64(made), "requests/op")
}

// benchStates are the states of objects that were written an hour ago and refreshed since.
func benchStates(b *testing.B, c *pt.Cloud) []*pt.Instance {
	b.Helper()
	writing, later := pt.NewServer(b, c, nil), pt.NewServer(b, c, nil)
	objects := make([]*pt.Instance, benchObjects)
	keys := make([]int, benchObjects)
	for i := range keys {
		keys[i] = i
	}
	pt.AtATime(32, keys, func(i int) {
		key := fmt.Sprintf("bench/%04d", i)
		object := writing.Object()
		object.MustApply(pt.ContentObject(key, pt.SSECOS()))
		pt.Must(b, c.AgeObject(pt.Bucket, key, time.Hour))
		objects[i] = object.On(later)
		objects[i].MustRefresh()
	})
	return objects
}

// BenchmarkStart measures what every Terraform command pays: the schema, and Configure.
func BenchmarkStart(b *testing.B) {
	b.Run("schema", func(b *testing.B) {
		for b.Loop() {
			server := provider.NewServer("bench")()
			_, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
			pt.Must(b, err)
		}
	})
	b.Run("configure", func(b *testing.B) {
		cloud := pt.NewCloud(b, cosemu.Config{})
		server := pt.NewUnconfiguredServer(b)
		for b.Loop() {
			if text := pt.ErrorText(server.Configure(cloud.ProviderAttrs())); text != "" {
				b.Fatal(text)
			}
		}
	})
}

// benchChild names the emulator in the environment of a child process, which uploads a file and
// prints its own peak memory.
const benchChild = "COS_BENCH_CHILD"

// BenchmarkUploadMemory measures the peak memory of a provider process that uploads a small and
// a large file by parts. Files are sparse: their size counts, not their disk.
func BenchmarkUploadMemory(b *testing.B) {
	if os.Getenv(benchChild) != "" {
		return
	}
	cloud := pt.NewCloud(b, cosemu.Config{Discard: true})
	for _, size := range []int64{64 << 20, 4 << 30} {
		b.Run(fmt.Sprintf("size=%dMiB", size>>20), func(b *testing.B) {
			file := b.TempDir() + "/body"
			pt.Must(b, os.WriteFile(file, nil, 0o600))
			pt.Must(b, os.Truncate(file, size))
			for b.Loop() {
				b.ReportMetric(float64(childPeak(b, cloud, file)>>20), "peak-MiB")
			}
			b.SetBytes(size)
		})
	}
}

// childPeak runs TestBenchmarkChild in a process of its own and returns its peak memory in bytes.
func childPeak(b *testing.B, c *pt.Cloud, file string) int64 {
	b.Helper()
	child := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestBenchmarkChild$",
		"-test.v")
	child.Env = append(os.Environ(), benchChild+"="+c.EndpointTemplate(),
		"COS_BENCH_CA="+c.CaFile, "COS_BENCH_FILE="+file)
	text, err := child.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	_, after, found := strings.Cut(string(text), "peak memory: ")
	number, _, _ := strings.Cut(after, " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil {
		b.Fatalf("the child printed no peak memory:\n%s", text)
	}
	return kib << 10
}

// TestBenchmarkChild is the child process of BenchmarkUploadMemory, and passes at once in a test
// run.
func TestBenchmarkChild(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv(benchChild)
	if endpoint == "" {
		return
	}
	credential := cosemu.DocumentedCredential()
	server := pt.NewUnconfiguredServer(t)
	if text := pt.ErrorText(server.Configure(pt.Attrs{
		"region": pt.Region, "secret_id": credential.SecretID,
		"secret_key": credential.SecretKey, "endpoint": endpoint,
		"custom_ca_bundle": os.Getenv("COS_BENCH_CA"),
	})); text != "" {
		t.Fatal(text)
	}
	server.Object().MustApply(pt.Attrs{
		"bucket": pt.Bucket, "key": fmt.Sprintf("bench-%d", os.Getpid()),
		"source": os.Getenv("COS_BENCH_FILE"), "sse": pt.SSECOS(),
	})
	status, err := os.ReadFile("/proc/self/status")
	pt.Must(t, err)
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	t.Logf("peak memory: %s of the provider process", strings.Join(strings.Fields(after)[:2], " "))
}
