package object

import (
	"cmp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// readingKeys are the keys that may open the object, the recorded one first: the key argument, the
// keyring's entry of that name, and any entry with the recorded MD5.
func (f *objectRefresh) readingKeys() []*cosapi.CustomerKey {
	choice := sse.Decode(f.state.SSE)
	var keys []*cosapi.CustomerKey
	if key, err := cosapi.ParseCustomerKey(choice.Key.ValueString()); err == nil {
		keys = append(keys, &key)
	}
	if key, ok := f.data.Keyring.ByName(choice.KeyName.ValueString()); ok {
		keys = append(keys, &key)
	}
	recorded := f.recordedMD5()
	if _, key, ok := f.data.Keyring.ByMD5(recorded); ok {
		keys = append(keys, &key)
	}
	slices.SortStableFunc(keys, func(a, b *cosapi.CustomerKey) int {
		return cmp.Compare(isNot(a.MD5() == recorded), isNot(b.MD5() == recorded))
	})
	return keys
}

// isNot sorts what is before what is not.
func isNot(is bool) int {
	if is {
		return 0
	}
	return 1
}

// recordedMD5 is the key that the object had when it was last read, or else that was last applied.
func (f *objectRefresh) recordedMD5() string {
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	if recorded.CustomerKeyMD5 != "" {
		return recorded.CustomerKeyMD5
	}
	return f.known.KeyMD5
}

// clearKeys are the keys that an sse block of a state holds in clear, for maskSecrets: the old key
// of a rotation is presented as well as the new one.
func clearKeys(list types.List) []cosapi.CustomerKey {
	choice := sse.DecodeAt(path.Root("sse"), list)
	key, err := cosapi.ParseCustomerKey(choice.Key.ValueString())
	if err != nil {
		return nil
	}
	return []cosapi.CustomerKey{key}
}
