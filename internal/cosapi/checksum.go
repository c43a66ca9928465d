package cosapi

import (
	"context"
	"hash/crc64"
	"io"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// crcTable is CRC-64/XZ, of which COS reports the decimal value in every mode of encryption
// (document 40334).
var crcTable = crc64.MakeTable(crc64.ECMA)

// CRC64 is the checksum of bytes as COS reports it.
func CRC64(b []byte) string { return formatCRC64(crc64.Checksum(b, crcTable)) }

func formatCRC64(sum uint64) string { return strconv.FormatUint(sum, 10) }

// hashWorkers is how many sections of a file are hashed at a time; more would only compete for
// the disk.
const hashWorkers = 4

// hashSection is the size of a section that is hashed by itself.
const hashSection = 64 << 20

// hashBody computes the CRC64 of a body from sections hashed side by side.
func hashBody(ctx context.Context, body Body) (uint64, error) {
	parts := sections(body.Size(), hashSection)
	sums := make([]uint64, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(hashWorkers)
	for i, part := range parts {
		group.Go(func() error {
			sum, err := hashReader(ctx, body.Section(part.offset, part.size), part.size)
			sums[i] = sum
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	whole := uint64(0)
	for i, part := range parts {
		whole = combineCRC64(whole, sums[i], part.size)
	}
	return whole, nil
}

// hashReader computes the CRC64 of exactly size bytes.
func hashReader(ctx context.Context, r io.Reader, size int64) (uint64, error) {
	sum := crc64.New(crcTable)
	buffer := make([]byte, 1<<20)
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		count, err := r.Read(buffer)
		_, _ = sum.Write(buffer[:count])
		n += int64(count)
		switch {
		case err == io.EOF && n < size:
			return 0, io.ErrUnexpectedEOF
		case err == io.EOF:
			return sum.Sum64(), nil
		case err != nil:
			return 0, err
		}
	}
}

// combineCRC64 is the CRC64 of two runs of bytes, one after the other, from the CRC64 of each and
// the length of the second. A CRC is linear: running it over zeros is a matrix over GF(2), and its
// powers of two are squares of each other.
func combineCRC64(first, second uint64, length int64) uint64 {
	if first == 0 || length == 0 {
		return first ^ second
	}
	matrix := oneZeroBit()
	for bits := uint64(length) << 3; bits != 0; bits >>= 1 {
		if bits&1 != 0 {
			first = matrix.apply(first)
		}
		matrix = matrix.squared()
	}
	return first ^ second
}

// gf2Matrix maps the state of a CRC64 to a later one, a column per bit.
type gf2Matrix [64]uint64

// oneZeroBit is what the input of one zero bit does to a reflected CRC64.
func oneZeroBit() gf2Matrix {
	matrix := gf2Matrix{crc64.ECMA}
	for bit := 1; bit < len(matrix); bit++ {
		matrix[bit] = 1 << (bit - 1)
	}
	return matrix
}

func (m *gf2Matrix) apply(vector uint64) uint64 {
	var result uint64
	for bit := range m {
		if vector&(1<<bit) != 0 {
			result ^= m[bit]
		}
	}
	return result
}

func (m *gf2Matrix) squared() gf2Matrix {
	var result gf2Matrix
	for bit := range m {
		result[bit] = m.apply(m[bit])
	}
	return result
}
