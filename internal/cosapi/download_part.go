package cosapi

import (
	"context"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
)

// downloadPart reads one range into its place in the file and returns its CRC64. A range that
// breaks off is read again as a whole, by the loop that repeats requests.
func (c *Client) downloadPart(
	ctx context.Context, info ObjectInfo, key *CustomerKey, part section, file io.WriterAt,
	progress *partProgress,
) (uint64, error) {
	sum := crc64.New(crcTable)
	options := GetOptions{
		Key: key, Offset: part.offset, Length: part.size, IfMatch: info.ETag,
	}
	err := c.get(ctx, info.Ref, options, func(resp *http.Response) error {
		defer func() { _ = resp.Body.Close() }()
		sum.Reset()
		out := &fileWriter{io.NewOffsetWriter(file, part.offset)}
		in := progress.reading(io.LimitReader(resp.Body, part.size))
		n, err := io.Copy(io.MultiWriter(out, sum), in)
		if err == nil && n < part.size {
			err = fmt.Errorf("%d of %d bytes: %w", n, part.size, io.ErrUnexpectedEOF)
		}
		return err
	})
	return sum.Sum64(), unwrapBodyError(err)
}

// fileWriter marks errors of the disk, which no retry mends.
type fileWriter struct{ file io.Writer }

func (w *fileWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		err = &bodyError{err: err}
	}
	return n, err
}
