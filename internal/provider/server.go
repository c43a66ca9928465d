package provider

import (
	"context"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
)

// server is the framework's server with two shortcuts: a state of the current schema is not
// upgraded (upgrade.go), and with refresh_mode "list" it answers the
// refresh of an object to which nothing has happened with the state as it came. The framework
// takes milliseconds to turn such a state into Go values and back; the listing's share of the
// object is microseconds.
type server struct {
	frameworkServer
	provider *cosProvider
	schemas  schemas
}

// schemas are those of the resources; nil before the first is asked for.
type schemas struct {
	sync.Mutex
	resources map[string]*tfprotov6.Schema
}

// frameworkServer is everything that the framework's server answers and the protocol calls
// optional: embedding less would hide the rest from tf6server.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// NewServer returns the constructor of protocol servers that tf6server wants. The version ends up
// in the User-Agent header of every request.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return NewServerWithEnvironment(version, os.Getenv)
}

// NewServerWithEnvironment is NewServer with another environment than the process's own; "" is the
// same as unset.
func NewServerWithEnvironment(
	version string, env func(string) string,
) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		cos := &cosProvider{version: version, env: env}
		framework, ok := providerserver.NewProtocol6(cos)().(frameworkServer)
		if !ok {
			panic("the framework's server answers less of the protocol than it did")
		}
		return &server{frameworkServer: framework, provider: cos}
	}
}

// ReadResource asks the listing first, if it is to be asked, and leaves to the framework whatever
// the listing cannot answer.
func (s *server) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	read, ok := object.NewListedRead(s.provider.data.Load(), req)
	if !ok || !read.Unchanged(ctx) {
		return s.frameworkServer.ReadResource(ctx, req)
	}
	if identity, ok := read.Identity(req.CurrentIdentity); ok && read.IsComplete() {
		return &tfprotov6.ReadResourceResponse{
			NewState: req.CurrentState, Private: req.Private, NewIdentity: identity,
		}, nil
	}
	return s.frameworkServer.ReadResource(object.WithListedUnchanged(ctx), req)
}
