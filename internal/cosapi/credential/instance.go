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
	// metadataPath is where the service serves roles; the role's name follows.
	metadataPath = "/latest/meta-data/cam/security-credentials/"
	// metadataTimeout bounds one request to the service, which answers in milliseconds.
	metadataTimeout = 5 * time.Second
	// metadataLimit bounds an answer, which has about 1 KB.
	metadataLimit = 64 << 10
)

var (
	errNoSuchRole   = errors.New("the instance has no such role")
	errMetadataJSON = errors.New("the metadata service's answer is not JSON")
)

// Instance names the CAM role of the CVM instance that the process runs on.
type Instance struct {
	Name string
	// Endpoint is the metadata service; "" is the real one. Tests set it.
	Endpoint string
}

// InstanceRole takes temporary credentials of a role from the metadata service and
// renews them before they expire. The first request to COS makes the first request to the
// service.
func InstanceRole(role Instance) Source {
	if role.Endpoint == "" {
		role.Endpoint = metadataEndpoint
	}
	// The service is on the instance's own link: a proxy could not reach it.
	client := &http.Client{
		Transport: &http.Transport{Proxy: nil}, Timeout: metadataTimeout,
	}
	return renewed(func(ctx context.Context) (Credentials, error) {
		var credentials Credentials
		err := tryAgain(ctx, func() (again bool, err error) {
			credentials, again, err = role.fetch(ctx, client)
			return again, err
		})
		if err != nil {
			source := fmt.Sprintf("the instance's role %s (%s)", role.Name, role.Endpoint)
			return Credentials{}, &Error{Source: source, Err: err}
		}
		return credentials, nil
	})
}

func (r Instance) fetch(
	ctx context.Context, client *http.Client,
) (credentials Credentials, again bool, err error) {
	address := strings.TrimSuffix(r.Endpoint, "/") + metadataPath + url.PathEscape(r.Name)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Credentials{}, false, err
	}
	response, err := client.Do(request)
	if err != nil {
		return Credentials{}, true, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, metadataLimit))
	switch {
	case err != nil:
		return Credentials{}, true, err
	case response.StatusCode == http.StatusNotFound:
		return Credentials{}, false, errNoSuchRole
	case response.StatusCode != http.StatusOK:
		return Credentials{}, response.StatusCode >= http.StatusInternalServerError,
			fmt.Errorf("the metadata service answered %s", response.Status)
	}
	credentials, err = decodeInstanceRole(body)
	return credentials, false, err
}

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
