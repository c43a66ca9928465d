// Command shape is the least that a provider can do for an object with the schema of ours: one bare
// request per operation, written on the protocol itself, nothing checked and nothing compared. It
// is a limit to measure against, not a candidate.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

func main() {
	ours := provider.NewServer("shape")()
	schemas, err := ours.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		log.Fatal(err)
	}
	s := &server{ProviderServer: ours, schemas: schemas, typ: schemas.ResourceSchemas[typeName].ValueType()}
	for _, attribute := range schemas.ResourceSchemas[typeName].Block.Attributes {
		if attribute.Computed {
			s.computed = append(s.computed, attribute.Name)
		}
	}
	err = tf6server.Serve("registry.terraform.io/bench/cos", func() tfprotov6.ProviderServer { return s })
	if err != nil {
		log.Fatal(err)
	}
}

const typeName = "cos_encrypted_object"

// server answers for objects itself, and leaves schemas to the provider that it has the shape of.
type server struct {
	tfprotov6.ProviderServer
	schemas  *tfprotov6.GetProviderSchemaResponse
	typ      tftypes.Type
	computed []string
	http     *http.Client
	endpoint string
}

// GetResourceIdentitySchemas has none: an identity would be one more thing to compute.
func (s *server) GetResourceIdentitySchemas(
	context.Context, *tfprotov6.GetResourceIdentitySchemasRequest,
) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(
	context.Context, *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{}, nil
}

func (s *server) ConfigureProvider(
	_ context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	config, err := object(req.Config, s.schemas.Provider.ValueType())
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(text(config["custom_ca_bundle"]))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s.endpoint = text(config["endpoint"])
	s.http = &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, WriteBufferSize: 64 << 10,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) ValidateResourceConfig(
	context.Context, *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) UpgradeResourceState(
	_ context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{
		UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON},
	}, nil
}

func (s *server) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	state, err := object(req.CurrentState, s.typ)
	if err == nil {
		err = s.do(ctx, http.MethodHead, state, nil)
	}
	return &tfprotov6.ReadResourceResponse{
		NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity,
	}, err
}

// PlanResourceChange knows nothing about what it will compute, and keeps what it did.
func (s *server) PlanResourceChange(
	_ context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	planned := &tfprotov6.PlanResourceChangeResponse{PlannedState: req.ProposedNewState}
	proposed, err := object(req.ProposedNewState, s.typ)
	if err != nil || proposed == nil {
		return planned, err
	}
	prior, err := object(req.PriorState, s.typ)
	if err != nil || prior != nil {
		return planned, err
	}
	for _, name := range s.computed {
		if proposed[name].IsNull() {
			proposed[name] = tftypes.NewValue(proposed[name].Type(), tftypes.UnknownValue)
		}
	}
	value, err := tfprotov6.NewDynamicValue(s.typ, tftypes.NewValue(s.typ, proposed))
	planned.PlannedState = &value
	return planned, err
}

func (s *server) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	planned, err := object(req.PlannedState, s.typ)
	if err != nil {
		return nil, err
	}
	applied := &tfprotov6.ApplyResourceChangeResponse{NewState: req.PlannedState}
	prior, err := object(req.PriorState, s.typ)
	switch {
	case err != nil:
		return nil, err
	case planned == nil:
		return applied, s.do(ctx, http.MethodDelete, prior, nil)
	case prior != nil:
		err = s.do(ctx, http.MethodPut, planned, http.Header{
			"X-Cos-Copy-Source":        {strings.TrimPrefix(s.endpoint, "https://") + "/" + text(planned["key"])},
			"X-Cos-Metadata-Directive": {"Replaced"},
		})
	default:
		err = s.do(ctx, http.MethodPut, planned, http.Header{})
	}
	for _, name := range s.computed {
		if !planned[name].IsKnown() {
			planned[name] = empty(planned[name].Type())
		}
	}
	value, encodeErr := tfprotov6.NewDynamicValue(s.typ, tftypes.NewValue(s.typ, planned))
	applied.NewState = &value
	return applied, errors.Join(err, encodeErr)
}

// empty is a value that takes as little room as one can.
func empty(t tftypes.Type) tftypes.Value {
	switch {
	case t.Is(tftypes.String):
		return tftypes.NewValue(t, "")
	case t.Is(tftypes.Number):
		return tftypes.NewValue(t, 0)
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, false)
	}
	return tftypes.NewValue(t, nil)
}

// do makes the one request of an operation.
func (s *server) do(
	ctx context.Context, method string, of map[string]tftypes.Value, header http.Header,
) error {
	body := ""
	if header != nil {
		header.Set("x-cos-server-side-encryption", "AES256")
		for name, value := range members(of["metadata"]) {
			header.Set("x-cos-meta-"+name, text(value))
		}
		if header.Get("x-cos-copy-source") == "" {
			body = text(of["content"])
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.endpoint+"/"+text(of["key"]), strings.NewReader(body))
	if err != nil {
		return err
	}
	if header != nil {
		req.Header = header
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %s", method, resp.Status)
	}
	return nil
}

// object decodes a value that is an object or null, which is nil.
func object(value *tfprotov6.DynamicValue, typ tftypes.Type) (map[string]tftypes.Value, error) {
	decoded, err := value.Unmarshal(typ)
	if err != nil || decoded.IsNull() {
		return nil, err
	}
	return members(decoded), nil
}

func members(value tftypes.Value) map[string]tftypes.Value {
	var all map[string]tftypes.Value
	if value.Type() == nil || value.IsNull() || !value.IsKnown() || value.As(&all) != nil {
		return nil
	}
	return all
}

func text(value tftypes.Value) string {
	var s string
	if value.IsNull() || !value.IsKnown() || value.As(&s) != nil {
		return ""
	}
	return s
}
