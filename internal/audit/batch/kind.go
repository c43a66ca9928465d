package batch

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is a sort of key, by what could happen to it in the list of a job.
type Kind string

// The kinds. A key of plain bytes only is of none of the others.
const (
	KindPlain       Kind = "plain"
	KindSpace       Kind = "space"
	KindPlus        Kind = "plus"
	KindPercent     Kind = "percent"
	KindComma       Kind = "comma"
	KindQuote       Kind = "quote"
	KindMultibyte   Kind = "multibyte"
	KindPunctuation Kind = "punctuation"
	// KindOther is never tried: control characters, backslashes, bytes that are no UTF-8.
	KindOther Kind = "other"
)

// specimens are the keys that stand for their kinds in a trial, below its folder.
var specimens = []specimen{
	{KindPlain, "plain-~_.txt"},
	{KindSpace, "with space"},
	{KindPlus, "a+b"},
	{KindPercent, "a%2Fb"},
	{KindComma, "a,b"},
	{KindQuote, `"quoted"`},
	{KindMultibyte, "加密/ключ"},
	{KindPunctuation, punctuation},
}

type specimen struct {
	kind Kind
	key  string
}

// decoys are named like what a wrong decoding makes of specimens: encoded keys that are not decoded,
// or decoded twice.
var decoys = []string{"with%20space", "with+space", "a%2Bb", "a b", "a%252Fb", "a/b", "a%2Cb"}

const punctuation = "!*'()&=?#@:;$[]{}|<>^`"

// kindsOf are the kinds that a key is of: a job may be given it if all of them are proven.
func kindsOf(key string) []Kind {
	if !utf8.ValidString(key) {
		return []Kind{KindOther}
	}
	kinds := []Kind{KindPlain}
	for _, r := range key {
		if kind := kindOf(r); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func kindOf(r rune) Kind {
	switch {
	case r >= utf8.RuneSelf:
		return KindMultibyte
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9',
		strings.ContainsRune("-_.~/", r):
		return KindPlain
	case strings.ContainsRune(punctuation, r):
		return KindPunctuation
	}
	switch r {
	case ' ':
		return KindSpace
	case '+':
		return KindPlus
	case '%':
		return KindPercent
	case ',':
		return KindComma
	case '"':
		return KindQuote
	}
	return KindOther
}
