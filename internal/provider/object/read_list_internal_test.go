package object

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// TestListingSettlesNamedAttributesOnly: whoever adds an attribute decides whether a listing that
// shows the object unchanged is enough for it. Nobody has decided for one that is in neither list.
func TestListingSettlesNamedAttributesOnly(t *testing.T) {
	t.Parallel()
	isRead := map[string]bool{"tags": true, "acl": true}
	var schema resource.SchemaResponse
	NewResource().Schema(context.Background(), resource.SchemaRequest{}, &schema)
	names := map[string]bool{}
	for name := range schema.Schema.GetAttributes() {
		names[name] = true
	}
	for name := range schema.Schema.GetBlocks() {
		names[name] = true
	}
	for name := range names {
		if settledByListing[name] == isRead[name] {
			t.Errorf("%s: a listing settles it: %t; it is read of its own: %t", name,
				settledByListing[name], isRead[name])
		}
	}
	for name := range settledByListing {
		if !names[name] {
			t.Errorf("%s is no attribute", name)
		}
	}
}
