package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// configureDeferrable configures as a CLI does that can defer.
func (s *protocolServer) configureDeferrable(values attrs) *tfprotov6.ConfigureProviderResponse {
	s.t.Helper()
	response, err := s.server.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           s.dynamic(blockValue(s.t, s.schemas.Provider.Block, values)),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{
			DeferralAllowed: true,
		},
	})
	must(s.t, err)
	return response
}

// A provider that is configured in full must not be deferred: Terraform 1.11 allows deferral
// during apply. What an unknown one defers shows in the answer to a plan.
func TestProviderIsDeferredOnlyWhenSomethingIsUnknown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change   attrs
		deferred bool
	}{
		"known":            {nil, false},
		"unknown endpoint": {attrs{"endpoint": unknownValue}, true},
		"unknown region":   {attrs{"region": unknownValue}, true},
		"unknown keyring":  {attrs{"customer_keys": unknownValue}, true},
		"unknown key":      {attrs{"customer_keys": map[string]any{"a": unknownValue}}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			server := newUnconfiguredServer(t)
			response := server.configureDeferrable(c.providerAttrs().with(tt.change))
			if text := errorText(response.Diagnostics); text != "" {
				t.Fatal(text)
			}
			restore := server.resource(restoreType)
			config := server.dynamic(blockValue(t, restore.schema.Block, restoreConfig(nil)))
			plan, err := server.server.PlanResourceChange(t.Context(),
				&tfprotov6.PlanResourceChangeRequest{
					TypeName: restoreType, Config: config, ProposedNewState: config,
					PriorState: server.dynamic(restore.state),
					ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{
						DeferralAllowed: true,
					},
				})
			must(t, err)
			if got := plan.Deferred != nil; got != tt.deferred {
				t.Errorf("deferred = %v, want %v", got, tt.deferred)
			}
		})
	}
}

func TestConfigureMakesNoRequest(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	newServer(t, c, keysAB())
	c.expectOps()
}

func TestProviderErrorsNameTheArgument(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change attrs
		want   string
	}{
		"http": {
			attrs{"endpoint": "http://{bucket}.cos.{region}.myqcloud.com"},
			`Endpoint is not usable [AttributeName("endpoint")]`,
		},
		"no CA": {
			attrs{"custom_ca_bundle": "/does/not/exist"},
			`[AttributeName("custom_ca_bundle")]`,
		},
		"33 bytes": {
			attrs{"customer_keys": map[string]string{"main": testKeyA + "\n"}},
			`[AttributeName("customer_keys").ElementKeyString("main")]`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			text := errorText(newUnconfiguredServer(t).configure(c.providerAttrs().with(tt.change)))
			if !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
		})
	}
}

func TestProviderSchemaLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]attrs{
		"max_retries":          {"max_retries": 101},
		"part_size":            {"part_size": 1000},
		"transfer_concurrency": {"transfer_concurrency": 0},
		"refresh_mode":         {"refresh_mode": "fast"},
		"assume_role":          {"assume_role": []attrs{{}, {}}},
		"session_duration":     {"assume_role": []attrs{{"session_duration": 43201}}},
		"endpoint":             {"endpoint": "http://{bucket}.example.com"},
	}
	server := newUnconfiguredServer(t)
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := server.server.ValidateProviderConfig(t.Context(),
				&tfprotov6.ValidateProviderConfigRequest{
					Config: server.dynamic(blockValue(t, server.schemas.Provider.Block, config)),
				})
			must(t, err)
			if text := errorText(response.Diagnostics); !strings.Contains(text, name) {
				t.Errorf("error = %q, want it to name %s", text, name)
			}
		})
	}
}
