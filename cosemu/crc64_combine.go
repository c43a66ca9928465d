package cosemu

import "hash/crc64"

// combineCRC64 returns the CRC64 of two pieces one after the other from their own CRC64s and the
// length of the second. Appending a zero bit is a linear map over GF(2); squaring its matrix gives
// the map for twice as many bits, so that length costs a logarithm of steps.
func combineCRC64(first, second uint64, secondLength int64) uint64 {
	var step [64]uint64
	step[0] = crc64.ECMA
	for i := 1; i < 64; i++ {
		step[i] = 1 << (i - 1)
	}
	for bits := uint64(secondLength) * 8; bits > 0; bits >>= 1 {
		if bits&1 == 1 {
			first = multiply(&step, first)
		}
		step = square(&step)
	}
	return first ^ second
}

func multiply(matrix *[64]uint64, vector uint64) uint64 {
	var sum uint64
	for i := 0; vector != 0; i, vector = i+1, vector>>1 {
		if vector&1 == 1 {
			sum ^= matrix[i]
		}
	}
	return sum
}

func square(matrix *[64]uint64) [64]uint64 {
	var squared [64]uint64
	for i := range matrix {
		squared[i] = multiply(matrix, matrix[i])
	}
	return squared
}
