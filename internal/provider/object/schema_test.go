package object

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// objectSchema is the schema of cos_encrypted_object as the framework has it.
func objectSchema(t *testing.T) resource.SchemaResponse {
	t.Helper()
	var response resource.SchemaResponse
	(&managedResource{}).Schema(t.Context(), resource.SchemaRequest{}, &response)
	return response
}

func TestObjectModelFitsItsSchema(t *testing.T) {
	t.Parallel()
	object := objectSchema(t).Schema
	state := tfsdk.State{
		Schema: object, Raw: tftypes.NewValue(object.Type().TerraformType(t.Context()), nil),
	}
	want := emptyObjectModel()
	want.Bucket = types.StringValue("examplebucket-1250000000")
	want.SSE = sse.ImportedSSE(cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS, KMSKeyID: "a-key"}, "")
	if diags := state.Set(t.Context(), &want); diags.HasError() {
		t.Fatalf("the model does not fit the schema: %v", diags)
	}
	var got resourceModel
	if diags := state.Get(t.Context(), &got); diags.HasError() {
		t.Fatalf("the schema does not fit the model: %v", diags)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("model after a round through the state (-want +got):\n%s", diff)
	}
}

func TestBlockTypesFitTheSchema(t *testing.T) {
	t.Parallel()
	object := objectSchema(t).Schema
	tests := map[string]struct{ declared, want attr.Type }{
		"sse": {object.Blocks["sse"].Type(), types.ListType{ElemType: sse.Type}},
		"copy_source": {
			object.Blocks["copy_source"].Type(), types.ListType{ElemType: sse.CopySourceType},
		},
		"encryption": {
			object.Attributes["encryption"].GetType(),
			types.ObjectType{AttrTypes: sse.EncryptionAttrTypes},
		},
	}
	for name, test := range tests {
		if !test.declared.Equal(test.want) {
			t.Errorf("%s = %s, want %s", name, test.declared, test.want)
		}
	}
}

func TestNothingButTheNameOfAnObjectReplacesIt(t *testing.T) {
	t.Parallel()
	// The planned values of computed attributes are all decided in ModifyPlan; a modifier
	// elsewhere would decide them twice.
	modified := []string{}
	for name, attribute := range objectSchema(t).Schema.Attributes {
		if planModifiers(attribute) > 0 {
			modified = append(modified, name)
		}
	}
	slices.Sort(modified)
	if diff := cmp.Diff([]string{"bucket", "key", "region"}, modified); diff != "" {
		t.Errorf("attributes with plan modifiers (-want +got):\n%s", diff)
	}
}

// planModifiers counts the plan modifiers of an attribute of any of the kinds in use.
func planModifiers(attribute schema.Attribute) int {
	switch a := attribute.(type) {
	case schema.StringAttribute:
		return len(a.PlanModifiers)
	case schema.Int64Attribute:
		return len(a.PlanModifiers)
	case schema.BoolAttribute:
		return len(a.PlanModifiers)
	case schema.MapAttribute:
		return len(a.PlanModifiers)
	case schema.SingleNestedAttribute:
		return len(a.PlanModifiers)
	default:
		panic(fmt.Sprintf("planModifiers does not know %T", attribute))
	}
}
