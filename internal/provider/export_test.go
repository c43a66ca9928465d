package provider

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// FrameworkServer is what the shortcut asks when it has no answer.
type FrameworkServer = frameworkServer

// WrapFramework puts a server between a server's shortcut and the framework.
func WrapFramework(s tfprotov6.ProviderServer, wrap func(FrameworkServer) FrameworkServer) {
	shortcut := s.(*server)
	shortcut.frameworkServer = wrap(shortcut.frameworkServer)
}

// DataOf is what a server's Configure has made.
func DataOf(s tfprotov6.ProviderServer) *providerdata.Data { return s.(*server).provider.data.Load() }
