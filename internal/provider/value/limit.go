package value

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Limit makes a schema validator of one of cosapi's Validate functions, or of another check whose
// error completes "<attribute>: ". The check must not quote a value that is secret.
func Limit(check func(string) error) validator.String { return stringLimit{check: check} }

type stringLimit struct{ check func(string) error }

// Description implements validator.Describer.
func (stringLimit) Description(context.Context) string { return "value must be one that COS takes" }

// MarkdownDescription implements validator.Describer.
func (l stringLimit) MarkdownDescription(ctx context.Context) string { return l.Description(ctx) }

// ValidateString implements validator.String.
func (l stringLimit) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := l.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Value is not usable",
			fmt.Sprintf("%s: %s.", req.Path, err))
	}
}

// MapLimit makes a schema validator of a check of a whole map. Elements that are not known yet
// are left out of it, so that what is known is checked early; null elements are refused because
// they are neither a value nor the absence of a name.
func MapLimit(check func(map[string]string) error) validator.Map {
	return wholeMapLimit{check: check}
}

type wholeMapLimit struct {
	check func(map[string]string) error
}

// Description implements validator.Describer.
func (wholeMapLimit) Description(context.Context) string {
	return "value must be one that COS takes"
}

// MarkdownDescription implements validator.Describer.
func (l wholeMapLimit) MarkdownDescription(ctx context.Context) string { return l.Description(ctx) }

// ValidateMap implements validator.Map.
func (l wholeMapLimit) ValidateMap(
	_ context.Context, req validator.MapRequest, resp *validator.MapResponse,
) {
	known := map[string]string{}
	elements := req.ConfigValue.Elements()
	for _, name := range SortedNames(elements) {
		element, ok := elements[name].(types.String)
		switch {
		case !ok || element.IsUnknown():
		case element.IsNull():
			at := req.Path.AtMapKey(name)
			resp.Diagnostics.AddAttributeError(at, "Value is null", fmt.Sprintf(
				"%s is null. Leave the name out of the map, or give it a value.", at))
		default:
			known[name] = element.ValueString()
		}
	}
	if err := l.check(known); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Value is not usable",
			fmt.Sprintf("%s: %s.", req.Path, err))
	}
}

// OneOf is Limit for a closed set of values.
func OneOf(allowed ...string) validator.String { return Limit(IsOneOf(allowed...)) }

// IsOneOf is a check that refuses what is not in a closed set of values.
func IsOneOf(allowed ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s", value, strings.Join(allowed, ", "))
	}
}

// NotEmpty is a check for limit: an argument that is to be left out must be null, because ""
// usually is a variable that somebody forgot to set.
func NotEmpty(value string) error {
	if value == "" {
		return errors.New("it is empty; leave it out, or set it to null, instead")
	}
	return nil
}

// OrEmpty is check for arguments of the provider, where "" is the same as unset.
func OrEmpty(check func(string) error) func(string) error {
	return func(value string) error {
		if value == "" {
			return nil
		}
		return check(value)
	}
}
