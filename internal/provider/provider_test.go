package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// A provider that is configured in full must not be deferred: Terraform 1.11 allows deferral
// during apply. What an unknown one defers shows in the answer to a plan.
func TestProviderIsDeferredOnlyWhenSomethingIsUnknown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change   pt.Attrs
		deferred bool
	}{
		"known":            {nil, false},
		"unknown endpoint": {pt.Attrs{"endpoint": pt.Unknown}, true},
		"unknown region":   {pt.Attrs{"region": pt.Unknown}, true},
		"unknown keyring":  {pt.Attrs{"customer_keys": pt.Unknown}, true},
		"unknown key":      {pt.Attrs{"customer_keys": map[string]any{"a": pt.Unknown}}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			server := pt.NewUnconfiguredServer(t)
			response := server.ConfigureDeferrable(c.ProviderAttrs().With(tt.change))
			if text := pt.ErrorText(response.Diagnostics); text != "" {
				t.Fatal(text)
			}
			restore := server.Resource(pt.RestoreType)
			config := server.Dynamic(pt.BlockValue(t, restore.Schema.Block, pt.RestoreConfig(nil)))
			plan, err := server.Provider.PlanResourceChange(t.Context(),
				&tfprotov6.PlanResourceChangeRequest{
					TypeName: pt.RestoreType, Config: config, ProposedNewState: config,
					PriorState: server.Dynamic(restore.State),
					ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{
						DeferralAllowed: true,
					},
				})
			pt.Must(t, err)
			if got := plan.Deferred != nil; got != tt.deferred {
				t.Errorf("deferred = %v, want %v", got, tt.deferred)
			}
		})
	}
}

func TestConfigureMakesNoRequest(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	pt.NewServer(t, c, pt.KeysAB())
	c.ExpectOps()
}

func TestProviderErrorsNameTheArgument(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change pt.Attrs
		want   string
	}{
		"http": {
			pt.Attrs{"endpoint": "http://{bucket}.cos.{region}.myqcloud.com"},
			`Endpoint is not usable [AttributeName("endpoint")]`,
		},
		"no CA": {
			pt.Attrs{"custom_ca_bundle": "/does/not/exist"},
			`[AttributeName("custom_ca_bundle")]`,
		},
		"33 bytes": {
			pt.Attrs{"customer_keys": map[string]string{"main": pt.KeyA + "\n"}},
			`[AttributeName("customer_keys").ElementKeyString("main")]`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			text := pt.ErrorText(pt.NewUnconfiguredServer(t).Configure(c.ProviderAttrs().With(tt.change)))
			if !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
		})
	}
}

func TestProviderSchemaLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]pt.Attrs{
		"max_retries":          {"max_retries": 101},
		"part_size":            {"part_size": 1000},
		"transfer_concurrency": {"transfer_concurrency": 0},
		"refresh_mode":         {"refresh_mode": "fast"},
		"request_id_header":    {"request_id_header": "x cos"},
		"response_timeout":     {"response_timeout": 0},
		"min_transfer_rate":    {"min_transfer_rate": -1},
		"copy_timeout":         {"copy_timeout": 86401},
		"assume_role":          {"assume_role": []pt.Attrs{{}, {}}},
		"session_duration":     {"assume_role": []pt.Attrs{{"session_duration": 43201}}},
		"endpoint":             {"endpoint": "http://{bucket}.example.com"},
	}
	server := pt.NewUnconfiguredServer(t)
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := server.Provider.ValidateProviderConfig(t.Context(),
				&tfprotov6.ValidateProviderConfigRequest{
					Config: server.Dynamic(pt.BlockValue(t, server.Schemas.Provider.Block, config)),
				})
			pt.Must(t, err)
			if text := pt.ErrorText(response.Diagnostics); !strings.Contains(text, name) {
				t.Errorf("error = %q, want it to name %s", text, name)
			}
		})
	}
}
