package cosapi

import "fmt"

// Limits of multipart uploads (documents 7750 and 13324).
const (
	minPartSize = 1 << 20
	maxPartSize = 5 << 30
	maxParts    = 10000
)

// section is a run of bytes of a body or a source.
type section struct{ offset, size int64 }

// sections divides size bytes into runs of at most each; nothing is one empty run.
func sections(size, each int64) []section {
	if size == 0 {
		return []section{{}}
	}
	runs := make([]section, 0, (size+each-1)/each)
	for offset := int64(0); offset < size; offset += each {
		runs = append(runs, section{offset, min(each, size-offset)})
	}
	return runs
}

// planParts divides an upload into parts of the wanted size, or of a larger one where more than
// 10,000 would be needed.
func planParts(size, wanted int64) ([]section, error) {
	each := max(wanted, minPartSize, roundUp((size+maxParts-1)/maxParts, minPartSize))
	if each > maxPartSize {
		return nil, fmt.Errorf("%d bytes are more than %d parts of 5 GiB", size, maxParts)
	}
	return sections(size, each), nil
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
