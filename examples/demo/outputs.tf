output "encryption" {
  description = "How COS reports that each object is encrypted."
  value = {
    for object in [
      cos_encrypted_object.report,
      cos_encrypted_object.ledger,
      cos_encrypted_object.contract,
      cos_encrypted_object.payroll,
    ] : object.key => object.encryption
  }
}
