# A role, taken with the credentials of the environment.
provider "cos" {
  region = "ap-guangzhou"

  assume_role {
    role_arn         = "qcs::cam::uin/100000000001:roleName/deploy"
    session_duration = 3600
  }
}
