package cosapi

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
)

// minSecret is the length in bytes below which a text is not looked for in answers: a shorter one
// is no secret of COS's, and words of its own messages could contain it.
const minSecret = 16

// longEcho is the length in bytes of a header value that may hold an Authorization.
const longEcho = 128

// secrets are the texts of one request that must not come back to people: customer keys, the secret
// key, the session token and the signature. A server may echo them, whole or in another spelling.
type secrets struct {
	// kept are spellings of what other requests carry, too; own is what only this one carries.
	kept []string
	own  []string

	all   []string // every spelling, made when it is needed
	cache *spellingCache
}

// secretsOf collects the secrets of a signed request.
func (c *spellingCache) secretsOf(signed *http.Request, secretKey, token string) *secrets {
	found := &secrets{own: []string{signed.Header.Get("Authorization")}, cache: c}
	for _, name := range []string{headerCustomerKey, headerSourceKey} {
		if key := signed.Header.Get(name); key != "" {
			found.kept = append(found.kept, c.of(key)...)
		}
	}
	for _, secret := range []string{secretKey, token} {
		if secret != "" {
			found.kept = append(found.kept, c.of(secret)...)
		}
	}
	return found
}

// spellingCache spares spelling the same secrets for every request of a client.
type spellingCache struct {
	mu    sync.Mutex
	known map[string][]string
	all   []string // made when it is needed
}

// maxKnownSpellings bounds the secrets that are remembered, because each costs a search per answer.
const maxKnownSpellings = 16

func (c *spellingCache) of(secret string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if spelled, ok := c.known[secret]; ok {
		return spelled
	}
	if c.known == nil || len(c.known) >= maxKnownSpellings {
		c.known = map[string][]string{}
	}
	spelled := spellings(secret)
	c.known[secret], c.all = spelled, nil
	return spelled
}

// everything is the spellings of all secrets that requests carried lately.
func (c *spellingCache) everything() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = slices.Concat(slices.Collect(maps.Values(c.known))...)
	}
	return c.all
}

// spellings are the ways in which a secret can be written, longest first. Of a Base64 text, what it
// stands for is a secret, too.
func spellings(secret string) []string {
	texts := []string{secret}
	if raw, err := base64.StdEncoding.DecodeString(secret); err == nil {
		texts = append(texts, string(raw))
	}
	var all []string
	for _, text := range texts {
		if len(text) >= minSecret {
			all = append(all, spell(text)...)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

// spell writes one text in every way.
func spell(text string) []string {
	raw := []byte(text)
	digits := hex.EncodeToString(raw)
	quoted, _ := json.Marshal(text)
	escaped := url.QueryEscape(text)
	all := []string{
		text,
		strings.Trim(string(quoted), `"`),
		escaped, strings.ToLower(escaped), strings.ReplaceAll(escaped, "+", "%20"), url.PathEscape(text),
		digits, strings.ToUpper(digits),
		base64.StdEncoding.EncodeToString([]byte(digits)),
		base64.RawStdEncoding.EncodeToString([]byte(digits)),
		utf16Text(text, binary.LittleEndian), utf16Text(text, binary.BigEndian),
	}
	for _, separator := range []string{" ", ",", ", "} {
		all = append(all, decimals(raw, separator))
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		once := encoding.EncodeToString(raw)
		all = append(all, once, encoding.EncodeToString([]byte(once)),
			base64.RawStdEncoding.EncodeToString([]byte(once)))
	}
	return all
}

func utf16Text(text string, order binary.ByteOrder) string {
	units := utf16.Encode([]rune(text))
	out := make([]byte, 2*len(units))
	for i, unit := range units {
		order.PutUint16(out[2*i:], unit)
	}
	return string(out)
}

func decimals(raw []byte, separator string) string {
	numbers := make([]string, len(raw))
	for i, b := range raw {
		numbers[i] = strconv.Itoa(int(b))
	}
	return strings.Join(numbers, separator)
}

// everySpelling is all that is to be cut, longest first: also what other requests carried, which a
// server may remember.
func (s *secrets) everySpelling() []string {
	if s.all == nil {
		s.all = append(slices.Clone(s.kept), s.cache.everything()...)
		for _, secret := range s.own {
			s.all = append(s.all, spellings(secret)...)
			_, signature, _ := strings.Cut(secret, "q-signature=")
			s.all = append(s.all, spellings(signature)...)
		}
		slices.SortStableFunc(s.all, func(a, b string) int { return len(b) - len(a) })
	}
	return s.all
}

// cut replaces every secret in a text of the server.
func (s *secrets) cut(text string) string {
	if s == nil || len(text) < minSecret {
		return text
	}
	return replaceAll(text, s.everySpelling())
}

func replaceAll(text string, spelled []string) string {
	for _, secret := range spelled {
		if strings.Contains(text, secret) {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	return text
}

// cutFromHeader cuts secrets out of an answer's header. Nearly every answer has none, which one
// search per spelling in all values together finds out.
func (s *secrets) cutFromHeader(header http.Header) {
	if s == nil {
		return
	}
	long := false
	var all strings.Builder
	for _, values := range header {
		for _, value := range values {
			if len(value) < minSecret {
				continue
			}
			long = long || len(value) >= longEcho
			all.WriteString(value)
			all.WriteByte('\n')
		}
	}
	joined := all.String()
	occurs := func(secret string) bool { return strings.Contains(joined, secret) }
	if !long && !slices.ContainsFunc(s.kept, occurs) &&
		!slices.ContainsFunc(s.cache.everything(), occurs) {
		return
	}
	for _, values := range header {
		for i, value := range values {
			values[i] = s.cut(value)
		}
	}
}
