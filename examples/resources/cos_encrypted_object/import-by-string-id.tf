import {
  to = cos_encrypted_object.report
  id = "examplebucket-1250000000/reports/2026.csv"
}
