package cosapi

import (
	"maps"
	"slices"
)

// Keyring holds SSE-C keys by name. It finds the key of an object by the name that a configuration
// uses, or by the MD5 that COS reports. The zero value is an empty keyring; a Keyring is not
// changed after NewKeyring and is safe for concurrent use.
type Keyring struct {
	keys map[string]CustomerKey
}

// NewKeyring returns a keyring with a copy of keys. Two names may hold the same key.
func NewKeyring(keys map[string]CustomerKey) Keyring {
	return Keyring{keys: maps.Clone(keys)}
}

// ByName returns the key of that name.
func (r Keyring) ByName(name string) (CustomerKey, bool) {
	key, ok := r.keys[name]
	return key, ok
}

// ByMD5 returns the key whose MD5 is md5 as COS writes it (CustomerKey.MD5). Among several names
// of one key it returns the first in alphabetical order, so that the answer is always the same.
func (r Keyring) ByMD5(md5 string) (name string, key CustomerKey, ok bool) {
	if md5 == "" {
		return "", CustomerKey{}, false
	}
	for _, name := range r.Names() {
		if r.keys[name].MD5() == md5 {
			return name, r.keys[name], true
		}
	}
	return "", CustomerKey{}, false
}

// Names returns the names in alphabetical order.
func (r Keyring) Names() []string { return slices.Sorted(maps.Keys(r.keys)) }

// MD5s returns the MD5 of each key by name. It holds no key and may be stored.
func (r Keyring) MD5s() map[string]string {
	sums := make(map[string]string, len(r.keys))
	for name, key := range r.keys {
		sums[name] = key.MD5()
	}
	return sums
}

// Len returns the number of names.
func (r Keyring) Len() int { return len(r.keys) }
