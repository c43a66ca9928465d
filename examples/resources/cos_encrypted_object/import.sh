# bucket/key, in the provider's region:
terraform import cos_encrypted_object.report examplebucket-1250000000/reports/2026.csv

# the object's URL, in any region:
terraform import cos_encrypted_object.report https://examplebucket-1250000000.cos.ap-beijing.myqcloud.com/reports/2026.csv
