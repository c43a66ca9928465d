package object

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// TestKeysOfACopyAreMasked: a copy handles up to three keys, and none of them may be printed.
func TestKeysOfACopyAreMasked(t *testing.T) {
	t.Parallel()
	keyOf := func(letter string) cosapi.CustomerKey {
		key, err := cosapi.ParseCustomerKey(strings.Repeat(letter, 32))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	source := keyOf("b")
	write := &objectWrite{
		data:       &providerdata.Data{Secrets: func() []string { return nil }},
		encryption: cosapi.SSEC{Key: keyOf("a")},
		source:     cosapi.CopySource{Key: &source},
	}
	keys := write.keys()
	if len(keys) != 2 || keys[0].MD5() == keys[1].MD5() {
		t.Errorf("%d keys are masked, want both", len(keys))
	}
	state := sse.State(sse.Choice{Mode: cosapi.ModeSSEC, KeyChoice: sse.KeyChoice{
		Key: types.StringValue(strings.Repeat("c", 32)),
	}})
	old := clearKeys(state)
	if len(old) != 1 || old[0].MD5() != keyOf("c").MD5() {
		t.Error("the key in the state is not masked")
	}
}
