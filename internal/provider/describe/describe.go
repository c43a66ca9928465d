// Package describe makes the schemas of arguments that several kinds of schema have from one
// description: their name, text, flags and check. The framework has a type of its own for each
// kind; what is described here reads the same and refuses the same in all of them.
package describe

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Kind is the kind of an argument's value.
type Kind int

// The kinds. Most arguments are text.
const (
	Text    Kind = iota
	Number       // a whole number
	TextMap      // a map of texts
	Object       // an object that is only reported: see Argument.Members
)

// Argument describes one argument. Without Required and Reported it is optional.
type Argument struct {
	Name string
	Kind Kind
	// Text is the description, in Markdown.
	Text string
	// Required has to be configured; Reported cannot be.
	Required, Reported bool
	// Computed arguments have a value where none is configured. Actions and lists have no state
	// and leave it out; so they do with Sensitive and WriteOnly, which only a resource has.
	Computed, Sensitive, WriteOnly bool
	// Check refuses a text that cannot be right. Its error completes "<argument>: ".
	Check func(string) error
	// Default is the value of a resource's argument that is not configured, "" for none.
	Default string
	// Replace plans a replacement of a resource.
	Replace planmodifier.String
	// Members are those of an Object.
	Members []Argument
}

// Block describes a nested block. Every block is a list, because only a list can be unknown: a
// dynamic block whose for_each is unknown would otherwise look like a written one. How many there
// may be, and what must be inside, is for the validation to check: a child that is Required would
// be demanded of absent blocks.
type Block struct {
	Name      string
	Text      string
	Arguments []Argument
	Blocks    []Block
}

// Type is the type of the block's elements.
func (b Block) Type() types.ObjectType {
	members := map[string]attr.Type{}
	for _, argument := range b.Arguments {
		members[argument.Name] = argument.Type()
	}
	for _, nested := range b.Blocks {
		members[nested.Name] = types.ListType{ElemType: nested.Type()}
	}
	return types.ObjectType{AttrTypes: members}
}

// Type is the type of the argument.
func (a Argument) Type() attr.Type {
	switch a.Kind {
	case Number:
		return types.Int64Type
	case TextMap:
		return types.MapType{ElemType: types.StringType}
	case Object:
		return Block{Arguments: a.Members}.Type()
	default:
		return types.StringType
	}
}

func (a Argument) optional() bool { return !a.Required && !a.Reported }

func (a Argument) computed() bool { return a.Computed || a.Reported }

func (a Argument) validators() []validator.String {
	if a.Check == nil {
		return nil
	}
	return []validator.String{value.Limit(a.Check)}
}

// attributes makes a kind's attributes of arguments.
func attributes[A any](arguments []Argument, attribute func(Argument) A) map[string]A {
	made := make(map[string]A, len(arguments))
	for _, argument := range arguments {
		made[argument.Name] = attribute(argument)
	}
	return made
}

// blocks makes a kind's blocks.
func blocks[B any](described []Block, block func(Block) B) map[string]B {
	made := make(map[string]B, len(described))
	for _, b := range described {
		made[b.Name] = block(b)
	}
	return made
}
