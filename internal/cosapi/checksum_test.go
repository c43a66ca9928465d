package cosapi

import (
	"bytes"
	"context"
	"errors"
	"hash/crc64"
	"testing"
)

func TestCRC64IsWhatCOSReports(t *testing.T) {
	t.Parallel()
	// The check value of CRC-64/XZ, 0x995DC9BBDF1939FA, as COS prints it.
	if got := CRC64([]byte("123456789")); got != "11051210869376104954" {
		t.Errorf("CRC64 = %s", got)
	}
	if got := CRC64(nil); got != "0" {
		t.Errorf("CRC64 of nothing = %s, want 0", got)
	}
}

func FuzzCombinedCRC64(f *testing.F) {
	f.Add([]byte(nil), []byte(nil))
	f.Add([]byte("123456789"), []byte(nil))
	f.Add([]byte(nil), []byte("123456789"))
	f.Add(make([]byte, 1000), make([]byte, 3))
	f.Add(randomBytes(70_000), randomBytes(1))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		want := crc64.Checksum(append(bytes.Clone(first), second...), crcTable)
		got := combineCRC64(crc64.Checksum(first, crcTable), crc64.Checksum(second, crcTable),
			int64(len(second)))
		if got != want {
			t.Errorf("%d and %d bytes combine to %d, want %d", len(first), len(second), got, want)
		}
	})
}

func TestBodyHashedBySectionsHasTheCRC64OfTheWhole(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 1, hashSection, hashSection + 1, 2*hashSection + 7} {
		content := randomBytes(int(size))
		sum, err := hashBody(t.Context(), BytesBody(content))
		if err != nil || sum != crc64.Checksum(content, crcTable) {
			t.Errorf("%d bytes: CRC64 %d, %v, want %d", size, sum, err, crc64.Checksum(content, crcTable))
		}
	}
}

func TestHashingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hashBody(ctx, BytesBody(make([]byte, 10))); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
}
