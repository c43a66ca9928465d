package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// terraform runs the CLI in the work folder. The user's own configuration, variables and
// credentials play no part.
type terraform struct {
	cli, folder string
	env         []string
	scenario    *scenario
}

// errorOutput is what a CLI run that failed has printed.
type errorOutput struct {
	command, output string
	err             error
}

// Error implements error.
func (e *errorOutput) Error() string {
	return fmt.Sprintf("%s: %v\n\n%s", e.command, e.err, e.output)
}

// Unwrap returns why the command failed.
func (e *errorOutput) Unwrap() error { return e.err }

// changesPending is the exit status of plan -detailed-exitcode for a plan that is not empty.
const changesPending = 2

// newTerraform writes a CLI configuration that makes the CLI use the provider that was just built.
func newTerraform(o options, cloud *emulator, sc *scenario) (*terraform, error) {
	config := filepath.Join(o.work, "cli.tfrc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n"+
		"    \"encrypted-cos/cos\" = %q\n  }\n  direct {}\n}\n", filepath.Dir(o.provider))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing the CLI configuration: %w", err)
	}
	return &terraform{cli: o.cli, folder: o.work, scenario: sc, env: append(cleanEnvironment(),
		"TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"TF_COS_CHECKPOINT_DIR="+filepath.Join(o.work, "uploads"),
		"TF_VAR_endpoint="+cloud.template(), "TF_VAR_ca_bundle="+cloud.caFile,
	)}, nil
}

// cleanEnvironment is the process's environment without what would change the CLI's or the
// provider's behaviour.
func cleanEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		for _, prefix := range []string{"TF_", "COS_", "TENCENTCLOUD_", "TKE_"} {
			if strings.HasPrefix(variable, prefix) {
				return true
			}
		}
		return false
	})
}

// run runs the CLI and returns what it printed. An exit status of accept is no error.
func (t *terraform) run(ctx context.Context, accept int, args ...string) (string, error) {
	variables, err := t.scenario.variables()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, t.cli, args...)
	stopGently(cmd)
	cmd.Dir, cmd.Env = t.folder, slices.Clone(t.env)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		cmd.Env = append(cmd.Env, "TF_VAR_"+name+"="+variables[name])
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == accept {
		err = nil
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	if err != nil {
		return "", &errorOutput{
			command: "terraform " + strings.Join(args, " "), err: err,
			output: stdout.String() + stderr.String(),
		}
	}
	return stdout.String(), nil
}

// plan plans into a file and returns the plan as users see it and as data.
func (t *terraform) plan(ctx context.Context, file string) (string, []plannedChange, error) {
	text, err := t.run(ctx, changesPending, "plan", "-no-color", "-input=false",
		"-detailed-exitcode", "-out="+file)
	if err != nil {
		return "", nil, err
	}
	shown, err := t.run(ctx, 0, "show", "-json", file)
	if err != nil {
		return "", nil, err
	}
	var plan struct {
		Changes []plannedChange `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(shown), &plan); err != nil {
		return "", nil, fmt.Errorf("decoding the plan: %w", err)
	}
	return text, slices.DeleteFunc(plan.Changes, plannedChange.isNone), nil
}

// apply applies a plan file.
func (t *terraform) apply(ctx context.Context, file string) (string, error) {
	return t.run(ctx, 0, "apply", "-no-color", "-input=false", file)
}

// plannedChange is what a plan does with one resource.
type plannedChange struct {
	Address string `json:"address"`
	Change  struct {
		Actions []string    `json:"actions"`
		Before  objectState `json:"before"`
		After   objectState `json:"after"`
	} `json:"change"`
}

func (c plannedChange) isNone() bool { return slices.Equal(c.Change.Actions, []string{"no-op"}) }

// objectState is what state and plan say of an object, as far as the story needs it.
type objectState struct {
	Key        string     `json:"key"`
	CRC64      string     `json:"crc64ecma"`
	Encryption encryption `json:"encryption"`
}

// encryption is the attribute that says how COS reports that an object is encrypted.
type encryption struct {
	Mode           string `json:"mode"`
	KMSKeyID       string `json:"kms_key_id"`
	CustomerKeyMD5 string `json:"customer_key_md5"`
}

// objects returns the objects in the state, by key.
func (t *terraform) objects(ctx context.Context) (map[string]objectState, error) {
	shown, err := t.run(ctx, 0, "show", "-json")
	if err != nil {
		return nil, err
	}
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Values objectState `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(shown), &state); err != nil {
		return nil, fmt.Errorf("decoding the state: %w", err)
	}
	objects := map[string]objectState{}
	for _, resource := range state.Values.Root.Resources {
		objects[resource.Values.Key] = resource.Values
	}
	return objects, nil
}
