package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

var testHeader = header{
	Region: testRegion, Bucket: testBucket, Prefix: "p/",
	ListedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
}

// someRows are n rows with keys and values of every kind.
func someRows(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{
			key: fmt.Sprintf("p/%08d/é\x01", i), modified: int64(1_700_000_000 - i*7),
			looked: int64(1_750_000_000 + i), print: fingerprint{byte(i), byte(i >> 8)},
			facts: cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS, KMSKeyID: fmt.Sprint(i % 3)},
		}
		switch i % 5 {
		case 1:
			rows[i].facts = cosapi.EncryptionStatus{Mode: cosapi.ModeNone}
			rows[i].block = ReasonLocked
		case 2:
			rows[i].replica, rows[i].version = true, "v1"
		case 3:
			rows[i].versioned = true
		}
	}
	return rows
}

func written(t testing.TB, secret Secret, h header, rows []row) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := newLedgerWriter(&out, secret, h)
	for _, r := range rows {
		err = errors.Join(err, w.add(r))
	}
	if err := errors.Join(err, w.close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll returns the rows before the end or the first error.
func readAll(secret Secret, file []byte) (header, []row, error) {
	r, err := newLedgerReader(bytes.NewReader(file), secret)
	if err != nil {
		return header{}, nil, err
	}
	var rows []row
	for {
		next, err := r.next()
		if errors.Is(err, io.EOF) {
			return r.header, rows, nil
		}
		if err != nil {
			return r.header, rows, err
		}
		rows = append(rows, next)
	}
}

func TestLedgerRoundTrip(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 5, 20_000} {
		secret, rows := NewSecret(), someRows(n)
		file := written(t, secret, testHeader, rows)
		h, got, err := readAll(secret, file)
		if err != nil {
			t.Fatal(err)
		}
		h.ID = ""
		if diff := cmp.Diff(testHeader, h); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if !slices.Equal(got, rows) {
			t.Errorf("%d rows came back as %d others", n, len(got))
		}
		if n == 20_000 {
			t.Logf("%.1f bytes a row", float64(len(file))/float64(n))
		}
	}
}

// Every byte counts: none can be changed, and the file can be cut nowhere, without an error.
func TestLedgerDoesNotVerify(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	file := written(t, secret, testHeader, someRows(9_000))
	if _, _, err := readAll(secret, file); err != nil {
		t.Fatal(err)
	}
	step := max(1, len(file)/997)
	for at := 0; at < len(file); at += step {
		flipped := slices.Clone(file)
		flipped[at] ^= 1
		if _, _, err := readAll(secret, flipped); !errors.Is(err, errForged) {
			t.Fatalf("byte %d of %d was changed: %v", at, len(file), err)
		}
		if _, _, err := readAll(secret, file[:at]); !errors.Is(err, errForged) {
			t.Fatalf("cut after %d of %d bytes: %v", at, len(file), err)
		}
	}
	if _, _, err := readAll(NewSecret(), file); !errors.Is(err, errForged) {
		t.Errorf("under another secret: %v", err)
	}
}

// No block can be moved or left out, nor come from another ledger under the same secret.
func TestLedgerBlocksAreChained(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	frames := framesOf(t, written(t, secret, testHeader, someRows(30_000)))
	others := framesOf(t, written(t, secret, testHeader, someRows(30_000)))
	if len(frames) < 5 {
		t.Fatalf("only %d frames", len(frames))
	}
	for name, mixed := range map[string][][]byte{
		"a block left out":         slices.Delete(slices.Clone(frames), 2, 3),
		"two blocks swapped":       {frames[0], frames[1], frames[3], frames[2], frames[4]},
		"a block of another":       {frames[0], frames[1], others[2], frames[3], frames[4]},
		"the end after two blocks": {frames[0], frames[1], frames[2], frames[len(frames)-1]},
		"another header":           append([][]byte{others[0]}, frames[1:]...),
	} {
		if _, _, err := readAll(secret, bytes.Join(mixed, nil)); !errors.Is(err, errForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// framesOf cuts a file at its frames; the first has the magic, too.
func framesOf(t *testing.T, file []byte) [][]byte {
	t.Helper()
	var frames [][]byte
	start, at := 0, len(ledgerMagic)
	for at < len(file) {
		n := int(file[at])<<24 | int(file[at+1])<<16 | int(file[at+2])<<8 | int(file[at+3])
		at += 4 + n + macSize
		frames = append(frames, file[start:at])
		start = at
	}
	return frames
}

func TestFingerprintCoversWhatIsListed(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	base := cosapi.ListedObject{
		Key: "k", ETag: "e", Size: 1, LastModified: time.Unix(1_700_000_000, 0), VersionID: "v",
	}
	prints := newFingerprinter(secret)
	want := prints.of(base)
	for name, change := range map[string]func(*cosapi.ListedObject){
		"key":           func(o *cosapi.ListedObject) { o.Key = "l" },
		"etag":          func(o *cosapi.ListedObject) { o.ETag = "f" },
		"size":          func(o *cosapi.ListedObject) { o.Size = 2 },
		"last-modified": func(o *cosapi.ListedObject) { o.LastModified = time.Unix(1_700_000_001, 0) },
		"version":       func(o *cosapi.ListedObject) { o.VersionID = "w" },
		"moved border":  func(o *cosapi.ListedObject) { o.Key, o.VersionID = "kv", "" },
	} {
		other := base
		change(&other)
		if prints.of(other) == want {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	fine := base
	fine.LastModified = fine.LastModified.Add(300 * time.Millisecond)
	if prints.of(fine) != want {
		t.Error("fractions of a second, which a HEAD does not have, change the fingerprint")
	}
	if newFingerprinter(NewSecret()).of(base) == want {
		t.Error("another secret has the same fingerprint")
	}
}

func TestSecretPrintsRedacted(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	holder := struct{ s Secret }{secret}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		text := fmt.Sprintf(verb, secret) + fmt.Sprintf(verb, holder) + fmt.Sprintf(verb, &holder)
		if strings.Contains(text, *secret.raw) || strings.Contains(text, secret.Reveal()) ||
			strings.Contains(text, fmt.Sprintf("%x", *secret.raw)) {
			t.Errorf("%s shows the secret", verb)
		}
	}
	again, err := ParseSecret(secret.Reveal())
	if err != nil || *again.raw != *secret.raw {
		t.Errorf("it does not come back: %v", err)
	}
	if _, err := ParseSecret("short"); err == nil {
		t.Error("a short one was accepted")
	}
}

func FuzzLedger(f *testing.F) {
	secret, err := ParseSecret("MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(written(f, secret, testHeader, someRows(3)))
	f.Add([]byte(ledgerMagic))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, file []byte) {
		_, _, _ = readAll(secret, file)
		// Behind the HMAC nothing is expected to be wrong; it must not panic all the same.
		d := rowDecoder{in: bytes.NewReader(file)}
		for d.in.Len() > 0 {
			if _, err := d.next(); err != nil {
				break
			}
		}
	})
}
