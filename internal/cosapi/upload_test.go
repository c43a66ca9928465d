package cosapi

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// byParts makes every body above 1 MiB one of several parts.
func byParts(c *Config) { c.PartSize = minPartSize }

// counted are the operations of the journal and how often each occurs.
func counted(ops []string) map[string]int {
	counts := map[string]int{}
	for _, op := range ops {
		counts[op]++
	}
	return counts
}

// holds checks the bytes of an object.
func (h *harness) holds(t *testing.T, ref ObjectRef, key *CustomerKey, want []byte) {
	t.Helper()
	got, _, err := h.Content(t.Context(), ref, key, 1<<30)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the object has %d bytes, %v, want the %d that were sent", len(got), err, len(want))
	}
}

// changeAnswers lets a test damage what the emulator answers.
func (h *harness) changeAnswers(change func(*http.Response)) {
	h.http.Transport = roundTripper{h.http.Transport, change}
}

type roundTripper struct {
	http.RoundTripper
	change func(*http.Response)
}

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err == nil {
		r.change(resp)
	}
	return resp, err
}

// hasNoUploads checks that no part is left behind.
func (h *harness) hasNoUploads(t *testing.T) {
	t.Helper()
	uploads, err := h.ListUploads(t.Context(), h.region, h.bucket, "")
	if err != nil || len(uploads) != 0 {
		t.Errorf("uploads left behind: %v, %v", uploads, err)
	}
}

func TestPutStoresEveryModeAndSize(t *testing.T) {
	t.Parallel()
	one := map[string]int{"PutObject": 1}
	parts := func(n int) map[string]int {
		return map[string]int{
			"InitiateMultipartUpload": 1, "UploadPart": n, "CompleteMultipartUpload": 1,
		}
	}
	h := startEmulator(t, cosemu.Config{}, byParts)
	for mode, encryption := range h.encryptions(t) {
		for size, want := range map[int]map[string]int{
			0: one, 1: one, minPartSize: one, minPartSize + 1: parts(2), 3*minPartSize - 1: parts(3),
		} {
			t.Run(fmt.Sprintf("%s/%d", mode, size), func(t *testing.T) {
				h.emulator.ResetJournal()
				ref, content := h.ref(t, fmt.Sprint(mode, size)), randomBytes(size)
				options := encrypted(encryption)
				options.Headers.Metadata = map[string]string{"team": "finance"}
				options.ExpectCRC64 = CRC64(content)
				result, err := h.Put(t.Context(), ref, BytesBody(content), options)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, counted(h.ops())); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				info := h.head(t, ref, readKey(encryption))
				if result.CRC64 != CRC64(content) || result.Size != int64(size) ||
					result.ETag != info.ETag || result.Encryption != info.Encryption {
					t.Errorf("result %+v, want what HEAD says: %+v", result, info)
				}
				if info.Encryption.Mode != encryption.Mode() || info.Headers.Metadata["team"] != "finance" {
					t.Errorf("stored as %+v", info)
				}
				h.holds(t, ref, readKey(encryption), content)
			})
		}
	}
}

func TestPartsCarryTheCustomerKeyAndNothingElse(t *testing.T) {
	t.Parallel()
	triple := []string{
		headerCustomerAlgorithm, headerCustomerKey, strings.ToLower(headerCustomerKeyMD5),
	}
	slices.Sort(triple)
	h := startEmulator(t, cosemu.Config{}, byParts)
	for mode, encryption := range h.encryptions(t) {
		t.Run(mode, func(t *testing.T) {
			h.emulator.ResetJournal()
			options := encrypted(encryption)
			options.ForbidOverwrite = true
			options.Tags = map[string]string{"a": "b"}
			options.ACL = &ACL{Canned: "public-read"}
			_, err := h.Put(t.Context(), h.ref(t, mode), BytesBody(randomBytes(2*minPartSize)), options)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range h.emulator.Journal() {
				var want []string
				switch {
				case entry.Op == "UploadPart" && encryption.Mode() == ModeSSEC:
					want = triple
				case entry.Op == "CompleteMultipartUpload":
					want = []string{strings.ToLower(headerForbidOverwrite)}
				case entry.Op == "InitiateMultipartUpload":
					if slices.Contains(entry.HeaderNames, strings.ToLower(headerForbidOverwrite)) {
						t.Errorf("%s carries %v", entry.Op, entry.HeaderNames)
					}
					continue
				}
				if diff := cmp.Diff(want, entry.HeaderNames); diff != "" && len(entry.HeaderNames) > 0 {
					t.Errorf("headers of %s (-want +got):\n%s", entry.Op, diff)
				}
				if len(want) > 0 && len(entry.HeaderNames) == 0 {
					t.Errorf("%s carries no header, want %v", entry.Op, want)
				}
			}
		})
	}
}

func TestPutFindsOutWhetherALostAnswerMeansAnObject(t *testing.T) {
	t.Parallel()
	const put, head = "PutObject", "HeadObject"
	const initiate, part, complete = "InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"
	tests := map[string]struct {
		size   int
		faults []cosemu.Fault
		want   map[string]int
	}{
		"stored": {1, []cosemu.Fault{{Op: put, DropAnswer: true}}, map[string]int{put: 1, head: 1}},
		"not stored": {
			1, []cosemu.Fault{{Op: put, Reset: true}}, map[string]int{put: 2, head: 1},
		},
		"completed": {
			2 * minPartSize,
			[]cosemu.Fault{{Op: complete, DropAnswer: true}},
			map[string]int{initiate: 1, part: 2, complete: 1, head: 1},
		},
		"not completed": {
			2 * minPartSize,
			[]cosemu.Fault{{Op: complete, Reset: true}},
			map[string]int{initiate: 1, part: 2, complete: 2, head: 1},
		},
		"an error in the answer": {
			2 * minPartSize,
			[]cosemu.Fault{{Op: complete, ErrorIn200: true, Code: "InternalError"}},
			map[string]int{initiate: 1, part: 2, complete: 2, head: 1},
		},
		"completed, but not seen at once": {
			2 * minPartSize,
			[]cosemu.Fault{{Op: complete, DropAnswer: true}, {Op: head, Status: 404}},
			map[string]int{initiate: 1, part: 2, complete: 2, head: 2},
		},
		"part of which the answer is lost": {
			2 * minPartSize,
			[]cosemu.Fault{{Op: part, DropAnswer: true}},
			map[string]int{initiate: 1, part: 3, complete: 1},
		},
		"parts too fast": {
			2 * minPartSize,
			[]cosemu.Fault{{Op: part, Status: 503, Code: "SlowDown", Times: 3}},
			map[string]int{initiate: 1, part: 5, complete: 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			h.emulator.AddFaults(test.faults...)
			ref, content := h.ref(t, "lost"), randomBytes(test.size)
			key := mustKey(t, canaryKey)
			result, err := h.Put(t.Context(), ref, BytesBody(content), encrypted(SSEC{Key: key}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, counted(h.ops())); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if info := h.head(t, ref, &key); result.ETag != info.ETag || result.CRC64 != info.CRC64 {
				t.Errorf("result %+v, want what HEAD says: %+v", result, info)
			}
			h.holds(t, ref, &key, content)
			h.hasNoUploads(t)
		})
	}
}

// The test hangs if there are never as many parts under way as there are places.
func TestTransfersShareTheirPlaces(t *testing.T) {
	t.Parallel()
	const places = 2
	h := startEmulator(t, cosemu.Config{}, byParts, func(c *Config) { c.TransferConcurrency = places })
	body := newWatchedBody(randomBytes(6*minPartSize), places)
	done := make(chan error)
	for i := range 3 {
		go func() {
			_, err := h.Put(t.Context(), h.ref(t, fmt.Sprint(i)), body, encrypted(SSECOS{}))
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if body.crowded.Load() {
		t.Errorf("more than %d parts were sent at a time", places)
	}
}
