// Package value is small conversions between the framework's values and Go's.
package value

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TimeOrNull is a time as RFC 3339 in UTC, null for the zero time.
func TimeOrNull(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}

// TextMap is a map of strings as a value; an empty one is empty, not null.
func TextMap(texts map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(texts))
	for name, text := range texts {
		elements[name] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, elements)
}

func SortedNames[V any](values map[string]V) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// StringOrNull is text, or null for "".
func StringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// StringMember is one string of an object: null of a null object and where the object's type has
// no such member, unknown of an unknown object.
func StringMember(object types.Object, name string) types.String {
	if object.IsUnknown() {
		return types.StringUnknown()
	}
	value, ok := object.Attributes()[name].(types.String)
	if !ok {
		return types.StringNull()
	}
	return value
}

// ListMember is one nested block of an object, under the rules of StringMember.
func ListMember(object types.Object, name string) types.List {
	if object.IsUnknown() {
		return types.ListUnknown(types.ObjectType{})
	}
	value, ok := object.Attributes()[name].(types.List)
	if !ok {
		return types.ListNull(types.ObjectType{})
	}
	return value
}

// OnlyBlock is the first block of a list that holds at most one: unknown for an unknown list,
// null for an absent block. How many there are is for the validation to check.
func OnlyBlock(list types.List) types.Object {
	if list.IsUnknown() {
		return types.ObjectUnknown(map[string]attr.Type{})
	}
	elements := list.Elements()
	if len(elements) == 0 {
		return types.ObjectNull(map[string]attr.Type{})
	}
	block, ok := elements[0].(types.Object)
	if !ok {
		return types.ObjectNull(map[string]attr.Type{})
	}
	return block
}

// QuotedNames lists names for a message.
func QuotedNames(names []string) string {
	if len(names) == 0 {
		return "there are none"
	}
	text := ""
	for i, name := range names {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%q", name)
	}
	return text
}

// FormatTime and ParseTime are how the baseline keeps times; "" is the zero time.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func ParseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// MapOrNull is found as a map; where nothing was found an empty map of the state stays empty and
// anything else becomes null.
func MapOrNull(state types.Map, found map[string]string) types.Map {
	if len(found) == 0 && (state.IsNull() || state.IsUnknown()) {
		return types.MapNull(types.StringType)
	}
	elements := make(map[string]attr.Value, len(found))
	for name, value := range found {
		elements[name] = types.StringValue(value)
	}
	if len(elements) == 0 && len(state.Elements()) > 0 {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, elements)
}

// IsSet reports a value that is certainly there.
func IsSet(value attr.Value) bool { return !value.IsNull() && !value.IsUnknown() }

// StringMap is a map of strings in Go; nil for null, so that nil and empty stay apart.
func StringMap(value types.Map) map[string]string {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	elements := make(map[string]string, len(value.Elements()))
	for name, element := range value.Elements() {
		if text, ok := element.(types.String); ok {
			elements[name] = text.ValueString()
		}
	}
	return elements
}

// IsPresent reports a block that is certainly there.
func IsPresent(list types.List) bool {
	return !list.IsUnknown() && len(list.Elements()) > 0
}

// Int64Member is StringMember for a whole number.
func Int64Member(object types.Object, name string) types.Int64 {
	if object.IsUnknown() {
		return types.Int64Unknown()
	}
	value, ok := object.Attributes()[name].(types.Int64)
	if !ok {
		return types.Int64Null()
	}
	return value
}

// MapMember is StringMember for a map of strings.
func MapMember(object types.Object, name string) types.Map {
	if object.IsUnknown() {
		return types.MapUnknown(types.StringType)
	}
	value, ok := object.Attributes()[name].(types.Map)
	if !ok {
		return types.MapNull(types.StringType)
	}
	return value
}

// JoinWithAnd lists names for a sentence: "a", "a and b", "a, b and c".
func JoinWithAnd(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
