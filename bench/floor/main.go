// Command floor is the least that a framework provider can do for an object: one bare request per
// operation, no checks, no hashing, no retries. It answers to the name cos, with the few arguments that a
// benchmark needs. It is a limit to measure against, not a candidate.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return &floor{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/bench/cos"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type floor struct{}

type floorModel struct {
	Region    types.String `tfsdk:"region"`
	SecretID  types.String `tfsdk:"secret_id"`
	SecretKey types.String `tfsdk:"secret_key"`
	Endpoint  types.String `tfsdk:"endpoint"`
	CA        types.String `tfsdk:"custom_ca_bundle"`
}

func (*floor) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName = "cos"
}

func (*floor) Schema(_ context.Context, _ provider.SchemaRequest, r *provider.SchemaResponse) {
	o := pschema.StringAttribute{Optional: true}
	r.Schema = pschema.Schema{Attributes: map[string]pschema.Attribute{
		"region": o, "secret_id": o, "secret_key": o, "endpoint": o, "custom_ca_bundle": o,
	}}
}

type client struct {
	http             *http.Client
	region, endpoint string
}

func (*floor) Configure(ctx context.Context, req provider.ConfigureRequest, r *provider.ConfigureResponse) {
	var m floorModel
	r.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	pem, err := os.ReadFile(m.CA.ValueString())
	if err != nil {
		r.Diagnostics.AddError("ca", err.Error())
		return
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	r.ResourceData = &client{
		region: m.Region.ValueString(), endpoint: m.Endpoint.ValueString(),
		http: &http.Client{Transport: &http.Transport{
			MaxIdleConnsPerHost: 64, WriteBufferSize: 64 << 10,
			TLSClientConfig: &tls.Config{RootCAs: pool},
		}},
	}
}

func (*floor) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (*floor) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &object{} }}
}

type object struct{ *client }

type model struct {
	Bucket   types.String `tfsdk:"bucket"`
	Key      types.String `tfsdk:"key"`
	Content  types.String `tfsdk:"content"`
	Source   types.String `tfsdk:"source"`
	Metadata types.Map    `tfsdk:"metadata"`
	ETag     types.String `tfsdk:"etag"`
	SSE      types.List   `tfsdk:"sse"`
}

func (*object) Metadata(_ context.Context, _ resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = "cos_encrypted_object"
}

func (*object) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	r.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"bucket":   schema.StringAttribute{Required: true},
		"key":      schema.StringAttribute{Required: true},
		"content":  schema.StringAttribute{Optional: true},
		"source":   schema.StringAttribute{Optional: true},
		"metadata": schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"etag": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{
			stringplanmodifier.UseStateForUnknown(),
		}},
	}, Blocks: map[string]schema.Block{"sse": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
		Blocks: map[string]schema.Block{"cos": schema.ListNestedBlock{}},
	}}}}
}

func (o *object) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	o.client, _ = req.ProviderData.(*client)
}

func (o *object) do(ctx context.Context, method string, m *model, header map[string]string, body io.Reader, size int64) (*http.Response, error) {
	base := strings.NewReplacer("{bucket}", m.Bucket.ValueString(), "{region}", o.region).Replace(o.endpoint)
	req, err := http.NewRequestWithContext(ctx, method, base+"/"+m.Key.ValueString(), body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := o.http.Do(req)
	if err != nil {
		return nil, err
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		return resp, fmt.Errorf("%s: %s", method, resp.Status)
	}
	return resp, nil
}

func headers(m *model) map[string]string {
	h := map[string]string{"x-cos-server-side-encryption": "AES256"}
	for k, v := range m.Metadata.Elements() {
		if s, ok := v.(types.String); ok {
			h["x-cos-meta-"+k] = s.ValueString()
		}
	}
	return h
}

func (o *object) put(ctx context.Context, m *model) error {
	var body io.Reader = strings.NewReader(m.Content.ValueString())
	size := int64(len(m.Content.ValueString()))
	if !m.Source.IsNull() {
		f, err := os.Open(m.Source.ValueString())
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		body, size = f, info.Size()
	}
	resp, err := o.do(ctx, http.MethodPut, m, headers(m), body, size)
	if err == nil {
		m.ETag = types.StringValue(resp.Header.Get("ETag"))
	}
	return err
}

func (o *object) Create(ctx context.Context, req resource.CreateRequest, r *resource.CreateResponse) {
	var m model
	r.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if err := o.put(ctx, &m); err != nil {
		r.Diagnostics.AddError("create", err.Error())
		return
	}
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

func (o *object) Read(ctx context.Context, req resource.ReadRequest, r *resource.ReadResponse) {
	var m model
	r.Diagnostics.Append(req.State.Get(ctx, &m)...)
	resp, err := o.do(ctx, http.MethodHead, &m, nil, http.NoBody, 0)
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		r.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		r.Diagnostics.AddError("read", err.Error())
		return
	}
	m.ETag = types.StringValue(resp.Header.Get("ETag"))
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

func (o *object) Update(ctx context.Context, req resource.UpdateRequest, r *resource.UpdateResponse) {
	var m, s model
	r.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	r.Diagnostics.Append(req.State.Get(ctx, &s)...)
	h := headers(&m)
	base := strings.NewReplacer("{bucket}", m.Bucket.ValueString(), "{region}", o.region).Replace(o.endpoint)
	h["x-cos-copy-source"] = strings.TrimPrefix(base, "https://") + "/" + m.Key.ValueString()
	h["x-cos-metadata-directive"] = "Replaced"
	if _, err := o.do(ctx, http.MethodPut, &m, h, http.NoBody, 0); err != nil {
		r.Diagnostics.AddError("update", err.Error())
		return
	}
	m.ETag = s.ETag
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

func (o *object) Delete(ctx context.Context, req resource.DeleteRequest, r *resource.DeleteResponse) {
	var m model
	r.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if _, err := o.do(ctx, http.MethodDelete, &m, nil, http.NoBody, 0); err != nil {
		r.Diagnostics.AddError("delete", err.Error())
	}
}
