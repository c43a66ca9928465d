package cosapi

import (
	"context"
	"errors"
)

// copyByParts copies a source that is too large for one request.
func (c *Client) copyByParts(
	context.Context, CopySource, ObjectRef, CopyOptions,
) (WriteResult, error) {
	return WriteResult{}, errors.New("copying by parts is not built yet")
}
