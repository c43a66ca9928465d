package providertest

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Attrs is a configuration in Go: attribute and block names to values. A nested block is a
// []attrs; Unknown stands for a value that is not known yet.
type Attrs map[string]any

type unknownMarker struct{}

// Unknown is "known after apply" in attrs.
var Unknown = unknownMarker{}

// With returns a copy of a with the given changes; a nil value removes the name.
func (a Attrs) With(changes Attrs) Attrs {
	merged := Attrs{}
	for name, value := range a {
		merged[name] = value
	}
	for name, value := range changes {
		if value == nil {
			delete(merged, name)
			continue
		}
		merged[name] = value
	}
	return merged
}

// SSECOS, SSEKMS and SSEC are the sse block in attrs.
func SSECOS() []Attrs           { return []Attrs{{"cos": []Attrs{{}}}} }
func SSEKMS(kms Attrs) []Attrs  { return []Attrs{{"kms": []Attrs{kms}}} }
func SSEC(source Attrs) []Attrs { return []Attrs{{"c": []Attrs{source}}} }

// BlockValue builds the value of a block as core sends it: an absent attribute is null, an
// absent list block an empty list.
func BlockValue(t testing.TB, block *tfprotov6.SchemaBlock, values Attrs) tftypes.Value {
	t.Helper()
	fields := map[string]tftypes.Value{}
	for _, attribute := range block.Attributes {
		fields[attribute.Name] = goValue(t, attribute.ValueType(), values[attribute.Name])
	}
	for _, nested := range block.BlockTypes {
		fields[nested.TypeName] = nestedBlockValue(t, nested, values[nested.TypeName])
	}
	for name := range values {
		if _, ok := fields[name]; !ok {
			t.Fatalf("the schema has no %q", name)
		}
	}
	return tftypes.NewValue(block.ValueType(), fields)
}

func nestedBlockValue(
	t testing.TB, nested *tfprotov6.SchemaNestedBlock, value any,
) tftypes.Value {
	t.Helper()
	typ := nested.ValueType()
	if _, unknown := value.(unknownMarker); unknown {
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	if nested.Nesting == tfprotov6.SchemaNestedBlockNestingModeSingle {
		if value == nil {
			return tftypes.NewValue(typ, nil)
		}
		return BlockValue(t, nested.Block, value.(Attrs))
	}
	elements := []tftypes.Value{}
	if value != nil {
		for _, element := range value.([]Attrs) {
			elements = append(elements, BlockValue(t, nested.Block, element))
		}
	}
	return tftypes.NewValue(typ, elements)
}

// goValue turns a Go value into a value of the given type.
func goValue(t testing.TB, typ tftypes.Type, value any) tftypes.Value {
	t.Helper()
	switch v := value.(type) {
	case nil:
		return tftypes.NewValue(typ, nil)
	case unknownMarker:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case string, bool:
		return tftypes.NewValue(typ, v)
	case int:
		return tftypes.NewValue(typ, big.NewFloat(float64(v)))
	case map[string]string:
		elements := map[string]tftypes.Value{}
		for name, element := range v {
			elements[name] = tftypes.NewValue(tftypes.String, element)
		}
		return tftypes.NewValue(typ, elements)
	case map[string]any:
		elements := map[string]tftypes.Value{}
		for name, element := range v {
			elements[name] = goValue(t, typ.(tftypes.Map).ElementType, element)
		}
		return tftypes.NewValue(typ, elements)
	case Attrs:
		fields := map[string]tftypes.Value{}
		for name, fieldType := range typ.(tftypes.Object).AttributeTypes {
			fields[name] = goValue(t, fieldType, v[name])
		}
		return tftypes.NewValue(typ, fields)
	case []any:
		return listValue(t, typ, v)
	default:
		t.Fatalf("no conversion for %T", value)
		return tftypes.Value{}
	}
}

func listValue(t testing.TB, typ tftypes.Type, values []any) tftypes.Value {
	t.Helper()
	element := tftypes.Type(tftypes.DynamicPseudoType)
	switch list := typ.(type) {
	case tftypes.List:
		element = list.ElementType
	case tftypes.Set:
		element = list.ElementType
	}
	elements := []tftypes.Value{}
	for _, value := range values {
		elements = append(elements, goValue(t, element, value))
	}
	return tftypes.NewValue(typ, elements)
}

// Lookup returns the value at a dotted path such as "sse.0.kms.0.key_id" in Go's terms: nil for
// null, Unknown, string, bool, int64, or the tftypes.Value of a collection.
func Lookup(t testing.TB, value tftypes.Value, dotted string) any {
	t.Helper()
	for _, step := range strings.Split(dotted, ".") {
		if value.IsNull() || !value.IsKnown() {
			break
		}
		value = child(t, value, step)
	}
	return Plain(t, value)
}

func child(t testing.TB, value tftypes.Value, step string) tftypes.Value {
	t.Helper()
	switch value.Type().(type) {
	case tftypes.Object, tftypes.Map:
		var fields map[string]tftypes.Value
		if err := value.As(&fields); err != nil {
			t.Fatal(err)
		}
		field, ok := fields[step]
		if !ok {
			t.Fatalf("no %q in %s", step, value.Type())
		}
		return field
	default:
		var elements []tftypes.Value
		if err := value.As(&elements); err != nil {
			t.Fatal(err)
		}
		var index int
		if _, err := fmt.Sscanf(step, "%d", &index); err != nil || index >= len(elements) {
			t.Fatalf("no element %q among %d", step, len(elements))
		}
		return elements[index]
	}
}

func Plain(t testing.TB, value tftypes.Value) any {
	t.Helper()
	switch {
	case !value.IsKnown():
		return Unknown
	case value.IsNull():
		return nil
	case value.Type().Is(tftypes.String):
		var s string
		Must(t, value.As(&s))
		return s
	case value.Type().Is(tftypes.Bool):
		var b bool
		Must(t, value.As(&b))
		return b
	case value.Type().Is(tftypes.Number):
		var n big.Float
		Must(t, value.As(&n))
		i, _ := n.Int64()
		return i
	default:
		return value
	}
}

func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
