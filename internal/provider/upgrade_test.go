package provider_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// upgradeCounter counts the states that reach the framework.
type upgradeCounter struct {
	provider.FrameworkServer
	upgrades int
}

func (s *upgradeCounter) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	s.upgrades++
	return s.FrameworkServer.UpgradeResourceState(ctx, req)
}

// upgraded is a state after UpgradeResourceState, and whether the framework had a part in it.
func upgraded(t *testing.T, object *pt.Instance, raw []byte) (tftypes.Value, bool) {
	t.Helper()
	counter := &upgradeCounter{}
	server := pt.NewServer(t, pt.NewCloud(t, cosemu.Config{}), nil)
	provider.WrapFramework(server.Provider,
		func(framework provider.FrameworkServer) provider.FrameworkServer {
			counter.FrameworkServer = framework
			return counter
		})
	response, err := server.Provider.UpgradeResourceState(t.Context(),
		&tfprotov6.UpgradeResourceStateRequest{
			TypeName: object.TypeName, Version: object.Schema.Version,
			RawState: &tfprotov6.RawState{JSON: raw},
		})
	pt.Must(t, err)
	if text := pt.ErrorText(response.Diagnostics); text != "" {
		t.Fatal(text)
	}
	state, err := response.UpgradedState.Unmarshal(object.Schema.ValueType())
	pt.Must(t, err)
	return state, counter.upgrades > 0
}

// stateJSON is a state as it stands in a state file.
func stateJSON(t *testing.T, value tftypes.Value) any {
	t.Helper()
	switch {
	case value.IsNull():
		return nil
	case value.Type().Is(tftypes.Object{}), value.Type().Is(tftypes.Map{}):
		members := map[string]any{}
		for name, member := range pt.ObjectFields(t, value) {
			members[name] = stateJSON(t, member)
		}
		return members
	case value.Type().Is(tftypes.List{}):
		elements := []any{}
		var list []tftypes.Value
		pt.Must(t, value.As(&list))
		for _, element := range list {
			elements = append(elements, stateJSON(t, element))
		}
		return elements
	}
	return pt.Plain(t, value)
}

func TestStatesOfTheCurrentSchemaAreHandedBack(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]pt.Attrs{
		"SSE-COS": pt.ContentObject("a", pt.SSECOS()),
		"SSE-KMS": pt.ContentObject("a", pt.SSEKMS(pt.Attrs{
			"key_id": pt.CMK, "context": map[string]string{"team": "a"},
		})),
		"SSE-C": pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})).
			With(pt.Attrs{
				"tags": map[string]string{"a": "b"}, "timeouts": pt.Attrs{"read": "1m"},
				"metadata": map[string]string{"m": "1"}, "acl": "private",
			}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := pt.NewServer(t, pt.NewCloud(t, cosemu.Config{}), nil).Object()
			object.MustApply(config)
			raw, err := json.Marshal(stateJSON(t, object.State))
			pt.Must(t, err)
			state, framework := upgraded(t, object, raw)
			if framework {
				t.Error("the framework was asked")
			}
			if !state.Equal(object.State) {
				t.Errorf("the state changed: %s", pt.Differences(object.State, state))
			}
		})
	}
}

// TestStatesOfOtherVersionsStillLoad: a member that is missing or unknown here is the framework's.
func TestStatesOfOtherVersionsStillLoad(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"lacks an attribute":        func(state map[string]any) { delete(state, "cache_control") },
		"has one too many":          func(state map[string]any) { state["no_such_attribute"] = "x" },
		"one instead of another":    func(state map[string]any) { delete(state, "acl"); state["x"] = nil },
		"lacks one of a block":      func(state map[string]any) { delete(mode(state), "algorithm") },
		"lacks one of an attribute": func(state map[string]any) { delete(member(state, "encryption"), "mode") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := pt.NewServer(t, pt.NewCloud(t, cosemu.Config{}), nil).Object()
			object.MustApply(pt.ContentObject("a", pt.SSECOS()))
			document, ok := stateJSON(t, object.State).(map[string]any)
			if !ok {
				t.Fatal("the state is no object")
			}
			change(document)
			raw, err := json.Marshal(document)
			pt.Must(t, err)
			if _, framework := upgraded(t, object, raw); !framework {
				t.Error("the framework was not asked")
			}
		})
	}
}

func member(state map[string]any, name string) map[string]any {
	found, _ := state[name].(map[string]any)
	return found
}

// mode is sse[0].cos[0] of a state.
func mode(state map[string]any) map[string]any {
	blocks, _ := state["sse"].([]any)
	block, _ := blocks[0].(map[string]any)
	modes, _ := block["cos"].([]any)
	found, _ := modes[0].(map[string]any)
	return found
}
