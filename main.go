// Command terraform-provider-cos is the Terraform provider for encrypted objects in Tencent Cloud
// Object Storage (COS). Terraform starts it; started by hand it only says so.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve until stopped, for a debugger to attach")
	flag.Parse()
	err := providerserver.Serve(context.Background(), provider.New(version),
		providerserver.ServeOpts{
			Address: "registry.terraform.io/encrypted-cos/cos",
			Debug:   *debug,
		})
	if err != nil {
		log.Fatal(err)
	}
}
