// Command terraform-provider-cos is the Terraform provider for encrypted objects in Tencent Cloud
// Object Storage (COS). Terraform starts it; started by hand it only says so.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve until stopped, for a debugger to attach")
	flag.Parse()
	var options []tf6server.ServeOpt
	switch {
	case *debug:
		options = append(options, tf6server.WithManagedDebug())
	case !isLogAsked(os.Environ()):
		if err := silence(); err != nil {
			log.Fatal(err)
		}
		options = append(options, tf6server.WithGoPluginLogger(errorsOnly()))
	}
	err := tf6server.Serve("registry.terraform.io/encrypted-cos/cos", provider.NewServer(version),
		options...)
	if err != nil {
		log.Fatal(err)
	}
}
