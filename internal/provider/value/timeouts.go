package value

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// DescribedTimeouts gives a block of the timeouts module what the module leaves out: a description
// of the block, and Markdown in those of its arguments.
func DescribedTimeouts(module schema.Block, text string) schema.Block {
	block, ok := module.(schema.SingleNestedBlock)
	if !ok {
		panic(fmt.Sprintf("the timeouts module returns a %T", module))
	}
	block.MarkdownDescription = text
	for name, argument := range block.Attributes {
		attribute, ok := argument.(schema.StringAttribute)
		if !ok {
			panic(fmt.Sprintf("the timeouts module has a %T", argument))
		}
		attribute.MarkdownDescription, attribute.Description = attribute.Description, ""
		block.Attributes[name] = attribute
	}
	return block
}

// WithDeadline bounds ctx by a timeout of the timeouts block; 0 means none, as there is no
// deadline for transfers unless somebody sets one.
func WithDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
