# The emulator of this repository: go run ./cmd/cosemu -ca-out "$PWD/ca.pem"
# It accepts the example key pair of COS's documentation.
provider "cos" {
  region           = "ap-guangzhou"
  endpoint         = "https://{bucket}.cos.{region}.localhost:9443"
  custom_ca_bundle = "/home/me/terraform-provider-cos/ca.pem" # absolute
  secret_id        = "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q"
  secret_key       = "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz"
}
