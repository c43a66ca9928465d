package cosapi

import (
	"hash/crc64"
	"strconv"
)

// crcTable is the polynomial of x-cos-hash-crc64ecma (document 40334).
var crcTable = crc64.MakeTable(crc64.ECMA)

// CRC64 returns the CRC64 of b as COS reports it: decimal.
func CRC64(b []byte) string { return strconv.FormatUint(crc64.Checksum(b, crcTable), 10) }
