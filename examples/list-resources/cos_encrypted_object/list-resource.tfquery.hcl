# terraform query -generate-config-out=imported.tf
list "cos_encrypted_object" "reports" {
  provider = cos
  limit    = 10000 # Terraform's default is 100

  config {
    bucket = "examplebucket-1250000000"
    prefix = "reports/"
  }
}
