package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// readingKey is a key to try, with whether it is the one whose MD5 is in the state.
type readingKey struct {
	key      cosapi.CustomerKey
	recorded bool
}

// readingKeys are the keys that may open the object, the recorded one first: the key argument,
// the keyring's entry of that name, and any entry with the recorded MD5. Keys are not repeated.
func (f *objectRefresh) readingKeys(recordedMD5 string) []readingKey {
	choice := sse.Decode(f.state.SSE)
	var candidates []cosapi.CustomerKey
	if key, err := cosapi.ParseCustomerKey(choice.Key.ValueString()); err == nil {
		candidates = append(candidates, key)
	}
	if key, ok := f.data.Keyring.ByName(choice.KeyName.ValueString()); ok {
		candidates = append(candidates, key)
	}
	if _, key, ok := f.data.Keyring.ByMD5(recordedMD5); ok {
		candidates = append(candidates, key)
	}
	var first, rest []readingKey
	seen := map[string]bool{}
	for _, key := range candidates {
		md5 := key.MD5()
		switch {
		case seen[md5]:
		case md5 == recordedMD5:
			first = append(first, readingKey{key: key, recorded: true})
		default:
			rest = append(rest, readingKey{key: key})
		}
		seen[md5] = true
	}
	return append(first, rest...)
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

// lookupWithKeys reads an SSE-C object with the keys at hand, or without any.
func (f *objectRefresh) lookupWithKeys(
	ctx context.Context, recorded cosapi.EncryptionStatus,
) (cosapi.ObjectInfo, bool, diag.Diagnostics) {
	recordedMD5 := recorded.CustomerKeyMD5
	if recordedMD5 == "" {
		recordedMD5 = f.known.KeyMD5
	}
	keys := f.readingKeys(recordedMD5)
	if len(keys) == 0 {
		return f.lookupWithoutKey(ctx)
	}
	var refusal error
	withRecorded := false
	for _, candidate := range keys {
		info, err := f.data.Client.Head(ctx, f.ref, &candidate.key)
		if err == nil {
			return info, true, nil
		}
		withRecorded = withRecorded || candidate.recorded
		refusal = err
		if !cosapi.KeyMayHelp(err) {
			return f.lookupFailed(ctx, err, withRecorded)
		}
	}
	if info, err := f.data.Client.HeadOnly(ctx, f.ref, nil); err == nil {
		return info, true, nil
	}
	return f.lookupFailed(ctx, refusal, withRecorded)
}

// lookupWithoutKey refreshes an SSE-C object whose key is not at hand: a listing shows whether it
// exists and was rewritten; only then a HEAD tells whether it is still SSE-C.
func (f *objectRefresh) lookupWithoutKey(
	ctx context.Context,
) (cosapi.ObjectInfo, bool, diag.Diagnostics) {
	listed, found, err := f.data.Client.Find(ctx, f.ref)
	if err == nil && found && !f.differs(listed) &&
		!f.known.writtenSince(listed.LastModified) {
		if listed.StorageClass != "" {
			f.state.StorageClass = types.StringValue(listed.StorageClass)
		}
		f.known.seen(listed.LastModified)
		f.known.HeadAt = value.FormatTime(f.data.Client.Now())
		return cosapi.ObjectInfo{}, false, nil
	}
	info, headErr := f.data.Client.Head(ctx, f.ref, nil)
	switch {
	case headErr == nil:
		return info, true, nil
	case err == nil && found && cosapi.KeyMayHelp(headErr):
		f.takeListed(listed)
		return cosapi.ObjectInfo{}, false, nil
	}
	return f.lookupFailed(ctx, headErr, false)
}
