package sse

// What the external tests of the package need of it.
var (
	CopySourceCType   = copySourceCType
	CopySourceSSEType = copySourceSSEType
)
