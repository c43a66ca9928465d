package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// metadataEndpoint is the metadata service of a CVM instance, reachable from it alone.
	metadataEndpoint = "http://metadata.tencentyun.com"
	// metadataPath is where the service lists roles, one a line; a role's name follows it.
	metadataPath = "/latest/meta-data/cam/security-credentials/"
	// metadataTimeout bounds one request to the service, which answers in milliseconds.
	metadataTimeout = 5 * time.Second
	// findTimeout bounds the search for a role's name: elsewhere than on an instance nobody
	// answers, and who has forgotten to configure credentials should not wait to be told.
	findTimeout = time.Second
	// metadataLimit bounds an answer, which has about 1 KB.
	metadataLimit = 64 << 10
)

var (
	errNoSuchRole   = errors.New("the instance has no such role")
	errNoRole       = errors.New("it has none")
	errNoInstance   = errors.New("no answer from a metadata service")
	errMetadataJSON = errors.New("the metadata service's answer is not JSON")
)

// Instance names the CAM role of the CVM instance that the process runs on.
type Instance struct {
	Name string
	// Endpoint is the metadata service; "" is the real one. Tests set it.
	Endpoint string

	transport http.RoundTripper // nil but in tests
}

// InstanceRole takes temporary credentials of a role from the metadata service and
// renews them before they expire. The first request to COS makes the first request to the
// service.
func InstanceRole(role Instance) Source {
	return renewed(func(ctx context.Context) (Credentials, error) {
		var credentials Credentials
		err := tryAgain(ctx, func() (again bool, err error) {
			credentials, again, err = role.fetch(ctx)
			return again, err
		})
		if err != nil {
			source := fmt.Sprintf("the instance's role %s (%s)", role.Name, role.endpoint())
			return Credentials{}, &Error{Source: source, Err: err}
		}
		return credentials, nil
	})
}

// find returns the instance with the name of its role. An instance has at most one.
func (i Instance) find(ctx context.Context) (Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	status, body, err := i.get(ctx, "")
	switch {
	case err != nil:
		return i, errNoInstance
	case status == http.StatusNotFound:
		return i, errNoRole
	case status != http.StatusOK:
		return i, fmt.Errorf("the metadata service answered status %d", status)
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if i.Name = strings.TrimSpace(name); i.Name == "" {
		return i, errNoRole
	}
	return i, nil
}

func (i Instance) fetch(ctx context.Context) (credentials Credentials, again bool, err error) {
	status, body, err := i.get(ctx, url.PathEscape(i.Name))
	switch {
	case err != nil:
		return Credentials{}, true, err
	case status == http.StatusNotFound:
		return Credentials{}, false, errNoSuchRole
	case status != http.StatusOK:
		return Credentials{}, status >= http.StatusInternalServerError,
			fmt.Errorf("the metadata service answered %d %s", status, http.StatusText(status))
	}
	credentials, err = decodeInstanceRole(body)
	return credentials, false, err
}

func (i Instance) get(ctx context.Context, name string) (status int, body []byte, err error) {
	address := strings.TrimSuffix(i.endpoint(), "/") + metadataPath + name
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := i.client().Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, metadataLimit))
	return response.StatusCode, body, err
}

func (i Instance) endpoint() string {
	if i.Endpoint == "" {
		return metadataEndpoint
	}
	return i.Endpoint
}

// client asks without a proxy: the service is on the instance's own link.
func (i Instance) client() *http.Client {
	transport := i.transport
	if transport == nil {
		transport = directly
	}
	return &http.Client{Transport: transport, Timeout: metadataTimeout}
}

var directly = &http.Transport{Proxy: nil, IdleConnTimeout: metadataTimeout}

func decodeInstanceRole(body []byte) (Credentials, error) {
	var answer struct {
		Code         string `json:"Code"`
		TmpSecretID  string `json:"TmpSecretId"`
		TmpSecretKey string `json:"TmpSecretKey"`
		Token        string `json:"Token"`
		ExpiredTime  int64  `json:"ExpiredTime"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return Credentials{}, errMetadataJSON
	}
	if answer.Code != "Success" || answer.TmpSecretID == "" || answer.ExpiredTime == 0 {
		return Credentials{}, fmt.Errorf("the metadata service answered code %q", answer.Code)
	}
	return Credentials{
		SecretID: answer.TmpSecretID, SecretKey: NewSecret(answer.TmpSecretKey),
		Token: NewSecret(answer.Token), Expires: time.Unix(answer.ExpiredTime, 0),
	}, nil
}
