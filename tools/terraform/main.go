// Command terraform installs the Terraform CLI that tests and the demonstration use where none is
// on PATH, and prints where it is. It is the only step that needs more than the Go module proxy.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
)

// oldest is the version that everything has to work with.
const oldest = "1.11.4"

func main() {
	dir := flag.String("dir", "", "folder to install into")
	wanted := flag.String("version", oldest, "version to install")
	flag.Parse()
	path, err := run(context.Background(), *dir, *wanted)
	if err != nil {
		fmt.Fprintf(os.Stderr, "Terraform %s could not be downloaded: %v\nInstall Terraform (https://developer.hashicorp.com/terraform/install) or "+
			"OpenTofu (https://opentofu.org/docs/intro/install), version 1.11 or newer, and run "+
			"again.\n", *wanted, err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// run installs the CLI into dir, which must exist.
func run(ctx context.Context, dir, wanted string) (string, error) {
	installer := install.NewInstaller()
	return installer.Ensure(ctx, []src.Source{&releases.ExactVersion{
		Product: product.Terraform, Version: version.Must(version.NewVersion(wanted)),
		InstallDir: dir,
	}})
}
