package cosemu

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"hash/crc64"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// bulk is a number of objects that exist by formula, so that many of them take no memory. One that
// is written, changed or deleted is touched: from then on it is an object like any other, or none.
type bulk struct {
	count    int
	modified time.Time
	touched  []uint64 // a bit for each number
}

const (
	bulkPrefix = "bulk/"
	bulkDigits = 8
	maxBulk    = 100_000_000
	// bulkPlain: of so many objects the last is not encrypted.
	bulkPlain = 100
)

func newBulk(count int, modified time.Time) bulk {
	return bulk{
		count: count, modified: modified.UTC().Truncate(time.Second),
		touched: make([]uint64, (count+63)/64),
	}
}

func bulkKey(number int) string {
	digits := strconv.Itoa(number)
	return bulkPrefix + "00000000"[len(digits):] + digits
}

// bulkBody is the body of an object: its number in 64 lines.
func bulkBody(number int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "cosemu %08d\n", number), 64)
}

func (k *bulk) isTouched(number int) bool { return k.touched[number/64]>>(number%64)&1 == 1 }

// touch ends the existence of an object by formula.
func (k *bulk) touch(key string) {
	if number, ok := k.number(key); ok {
		k.touched[number/64] |= 1 << (number % 64)
	}
}

// number reads the key of an object that still exists by formula.
func (k *bulk) number(key string) (int, bool) {
	number, ok := k.parse(key)
	return number, ok && !k.isTouched(number)
}

// parse reads a key of the form.
func (k *bulk) parse(key string) (int, bool) {
	digits, ok := strings.CutPrefix(key, bulkPrefix)
	if !ok || len(digits) != bulkDigits || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.Atoi(digits)
	return number, err == nil && number < k.count
}

// exists reports a key that exists by formula.
func (k *bulk) exists(key string) bool {
	_, ok := k.number(key)
	return ok
}

// covers reports a key that exists by formula or did once.
func (k *bulk) covers(key string) bool {
	_, ok := k.parse(key)
	return ok
}

// seek is the number of the first key that is not before key.
func (k *bulk) seek(key string) int {
	low, high := 0, k.count
	for low < high {
		if middle := int(uint(low+high) / 2); bulkKey(middle) < key {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// untouched is the first number from one on that still exists by formula.
func (k *bulk) untouched(number int) int {
	for number < k.count {
		rest := ^k.touched[number/64] >> (number % 64)
		if rest != 0 {
			return min(k.count, number+bits.TrailingZeros64(rest))
		}
		number = (number/64 + 1) * 64
	}
	return k.count
}

// object makes an object by formula.
func (k *bulk) object(number int) *object {
	v := k.version(number)
	return &object{key: v.key, versions: []*version{v}}
}

// version makes the only version of an object.
func (k *bulk) version(number int) *version {
	body := bulkBody(number)
	sum := md5.Sum(body)
	v := &version{
		key: bulkKey(number), id: nullVersion, class: standardClass, modified: k.modified,
		body: blob{pieces: []piece{memoryPiece(body)}, size: int64(len(body))},
		etag: hex.EncodeToString(sum[:]), crc64: crc64.Checksum(body, crcTable),
		sse: sseRecord{mode: modeCOS, algorithm: "AES256"},
	}
	if number%bulkPlain == bulkPlain-1 {
		v.sse = sseRecord{mode: modeNone}
	}
	return v
}
