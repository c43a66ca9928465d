package bucketencryption

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

const testBucket = "examplebucket-1250000000"

// newChange is a change on an emulator, with a clock that moves when it sleeps.
func newChange(t *testing.T, want cosapi.Encryption) (change, *cosemu.Server, *time.Duration) {
	t.Helper()
	server, err := cosemu.Start(cosemu.Config{Buckets: []string{testBucket}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	pair := cosemu.DocumentedCredential()
	client, err := cosapi.New(cosapi.Config{
		Endpoint:    server.EndpointTemplate(),
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
		CABundle:    server.CACertificate(), MaxRetries: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	slept := new(time.Duration)
	started := time.Now()
	return change{
		client: client, bucket: cosapi.ObjectRef{Region: "ap-guangzhou", Bucket: testBucket},
		want: want, verify: true,
		now: func() time.Time { return started.Add(*slept) },
		sleep: func(ctx context.Context, d time.Duration) error {
			*slept += d
			return ctx.Err()
		},
	}, server, slept
}

func ops(server *cosemu.Server) []string {
	var all []string
	for _, entry := range server.Journal() {
		all = append(all, entry.Op)
	}
	return all
}

// The key is tried before the default is touched, and the default is seen before it counts.
func TestChangeInOrder(t *testing.T) {
	t.Parallel()
	canary := []string{"PutObject", "HeadObject", "DeleteObject"}
	for name, test := range map[string]struct {
		want cosapi.Encryption
		ops  []string
	}{
		"SSE-KMS": {
			cosapi.SSEKMS{KeyID: cosemu.DefaultKMSKey},
			slices.Concat(canary, []string{"PutBucketEncryption"}, canary),
		},
		"SSE-COS": {cosapi.SSECOS{}, slices.Concat([]string{"PutBucketEncryption"}, canary)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server, slept := newChange(t, test.want)
			if err := c.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := ops(server); !slices.Equal(got, test.ops) || *slept != 0 {
				t.Errorf("requests %v after %s, want %v", got, *slept, test.ops)
			}
		})
	}
}

// A default that shows late is waited for; one that never shows is taken back within a minute.
func TestChangeThatShowsLateOrNever(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		late   int
		former cosapi.BucketEncryption
		had    bool
		fails  bool
	}{
		"late":               {late: 5},
		"never":              {late: 1000, fails: true},
		"never, with former": {1000, cosapi.BucketEncryption{Algorithm: "SM4"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server, slept := newChange(t, cosapi.SSECOS{Algorithm: "AES256"})
			c.former, c.had = test.former, test.had
			server.AddFaults(cosemu.Fault{Op: "PutObject", Times: test.late, DropEncryption: true})
			err := c.run(t.Context())
			var undone *undoneError
			if errors.As(err, &undone) != test.fails || !test.fails && err != nil {
				t.Fatalf("error %v", err)
			}
			is, found, err := c.client.BucketEncryption(t.Context(), c.bucket)
			switch {
			case err != nil:
				t.Fatal(err)
			case test.fails && (found != test.had || is != test.former || undone.kept != nil):
				t.Errorf("the default is %+v, kept %v", is, undone.kept)
			case test.fails && (*slept < showsWithin || *slept > showsWithin+asksEvery):
				t.Errorf("waited %s", *slept)
			case !test.fails && *slept != time.Duration(test.late)*asksEvery:
				t.Errorf("waited %s", *slept)
			}
			for _, entry := range server.Journal() {
				if entry.Key == "" {
					continue
				}
				if _, there := server.Inspect(testBucket, entry.Key); there {
					t.Errorf("%s was left behind", entry.Key)
				}
			}
		})
	}
}

// An answer that was lost is not taken for nothing: what may have been set is taken back.
func TestChangeWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	c, server, _ := newChange(t, cosapi.SSECOS{})
	server.AddFaults(cosemu.Fault{Op: "PutBucketEncryption", DropAnswer: true})
	var undone *undoneError
	if err := c.run(t.Context()); !errors.As(err, &undone) || undone.kept != nil {
		t.Fatalf("error %v", err)
	}
	if _, found, _ := c.client.BucketEncryption(t.Context(), c.bucket); found {
		t.Error("the default stayed")
	}
}

// Interrupted while it waits, it takes the default back all the same.
func TestChangeIsInterrupted(t *testing.T) {
	t.Parallel()
	c, server, _ := newChange(t, cosapi.SSECOS{})
	server.AddFaults(cosemu.Fault{Op: "PutObject", Times: 1000, DropEncryption: true})
	ctx, cancel := context.WithCancel(t.Context())
	c.sleep = func(context.Context, time.Duration) error {
		cancel()
		return ctx.Err()
	}
	var undone *undoneError
	if err := c.run(ctx); !errors.As(err, &undone) || undone.kept != nil {
		t.Fatalf("error %v", err)
	}
	if _, found, _ := c.client.BucketEncryption(t.Context(), c.bucket); found {
		t.Error("the default stayed")
	}
}

func TestChangeThatCannotBeUndoneSaysSo(t *testing.T) {
	t.Parallel()
	c, server, _ := newChange(t, cosapi.SSECOS{})
	server.AddFaults(
		cosemu.Fault{Op: "PutObject", Times: 1000, Status: 403, Code: "AccessDenied"},
		cosemu.Fault{Op: "DeleteBucketEncryption", Times: 10, Status: 403, Code: "AccessDenied"})
	var undone *undoneError
	if err := c.run(t.Context()); !errors.As(err, &undone) || undone.kept == nil {
		t.Errorf("error %v", err)
	}
}
