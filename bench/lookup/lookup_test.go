// Package lookup measures how the framework's plan of one object grows with its attributes:
// bench/upstream.md.
package lookup

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type flat struct{ attributes int }

func (flat) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName = "flat"
}

func (flat) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (flat) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (flat) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (f flat) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return thing(f) }}
}

type thing struct{ attributes int }

func (thing) Metadata(_ context.Context, _ resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = "flat_thing"
}

func (t thing) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	r.Schema.Attributes = map[string]schema.Attribute{}
	for i := range t.attributes {
		r.Schema.Attributes[fmt.Sprintf("a%d", i)] = schema.StringAttribute{Optional: true}
	}
}

func (thing) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}

func (thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (thing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// BenchmarkPlan plans the creation of one object whose attributes are all set.
func BenchmarkPlan(b *testing.B) {
	b.Setenv("TF_LOG_SDK", "off")
	b.Setenv("TF_LOG_SDK_FRAMEWORK", "off")
	for _, n := range []int{10, 20, 40} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			server := providerserver.NewProtocol6(flat{n})()
			types, values := map[string]tftypes.Type{}, map[string]tftypes.Value{}
			for i := range n {
				name := fmt.Sprintf("a%d", i)
				types[name] = tftypes.String
				values[name] = tftypes.NewValue(tftypes.String, "x")
			}
			typ := tftypes.Object{AttributeTypes: types}
			wire := func(value any) *tfprotov6.DynamicValue {
				encoded, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, value))
				if err != nil {
					b.Fatal(err)
				}
				return &encoded
			}
			request := &tfprotov6.PlanResourceChangeRequest{
				TypeName: "flat_thing", PriorState: wire(nil), Config: wire(values),
				ProposedNewState: wire(values),
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := server.PlanResourceChange(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
