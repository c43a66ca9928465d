# terraform query -generate-config-out=imported.tf
list "cos_encrypted_object" "reports" {
  provider = cos

  config {
    bucket = "examplebucket-1250000000"
    prefix = "reports/"
  }
}
